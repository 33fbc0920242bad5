# SPDX-License-Identifier: GPL-3.0-or-later
"""A Pub/Sub topic, as a resource of the engine.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .._reconcile.errors import Refused
from .._reconcile.merge import shared_map
from .._reconcile.plan import Plan
from .actions import Create, Delete, Update
from .gateway import PubSub
from .resource import PubSubResource
from .values import DAY, MINUTE, seconds


@dataclass(frozen=True)
class Observed:
    """A topic as the server has it.

    message_retention_duration: seconds, None when the topic keeps no messages of its own.
    enforce_in_transit: belongs to the storage policy and is carried over when the regions change.
    subscriptions: full names; filled only when the topic is to be deleted.
    """

    labels: Mapping[str, str]
    message_retention_duration: int | None
    kms_key_name: str | None
    allowed_persistence_regions: tuple[str, ...]
    enforce_in_transit: bool = False
    subscriptions: tuple[str, ...] = ()


class Topic(PubSubResource[Observed]):
    """The topic that the user wants.  Options that are None are left as the server has them."""

    kind = "topic"
    client = "publisher"

    def __init__(self, server: PubSub, params: Mapping[str, t.Any]) -> None:
        super().__init__(server, params)
        self.delete_with_subscriptions: bool = params["delete_with_subscriptions"]
        self.retention = _retention(params["message_retention_duration"])
        self.kms_key_name: str | None = params["kms_key_name"]
        regions = params["allowed_persistence_regions"]
        self.regions = None if regions is None else tuple(sorted(set(regions)))

    def read(self) -> Observed | None:
        found = super().read()
        if found is None or self.present:
            return found
        listing = (f"Listing the subscriptions of {self.title}", self.permission("get"), self.client, "list_topic_subscriptions")
        return replace(found, subscriptions=tuple(self.server.call(*listing, {"topic": self.name})))

    def observed(self, message: t.Any) -> Observed:
        retention = message.message_retention_duration
        return Observed(
            labels=dict(message.labels),
            message_retention_duration=int(retention.total_seconds()) if retention else None,
            kms_key_name=message.kms_key_name or None,
            allowed_persistence_regions=tuple(sorted(message.message_storage_policy.allowed_persistence_regions)),
            enforce_in_transit=message.message_storage_policy.enforce_in_transit,
        )

    def plan(self, observed: Observed | None) -> Plan:
        before = _shown(observed) if observed else None
        if not self.present:
            return Plan(before, None, (Delete(f"delete {self.title}"),) if self._may_go(observed) else ())
        base = observed or Observed({}, None, None, ())
        wanted = Observed(
            labels=shared_map(self.labels, base.labels, self.labels_exact),
            message_retention_duration=base.message_retention_duration if self.retention is None else self.retention or None,
            kms_key_name=base.kms_key_name if self.kms_key_name is None else self.kms_key_name or None,
            allowed_persistence_regions=base.allowed_persistence_regions if self.regions is None else self.regions,
            enforce_in_transit=base.enforce_in_transit,
        )
        if observed is None:
            return Plan(None, _shown(wanted), (Create(f"create {self.title}", {"name": self.name, **_message(wanted)}),))
        mask = tuple(name for name in _shown(wanted) if getattr(wanted, name) != getattr(observed, name))
        if not mask:
            return Plan(before, before)
        paths = tuple("message_storage_policy" if name == "allowed_persistence_regions" else name for name in mask)
        changed = {name: value for name, value in _message(wanted).items() if name in paths}
        return Plan(before, _shown(wanted), (Update(f"change {', '.join(mask)} of {self.title}", changed, paths),))

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        shown = _shown(observed) if observed else dict.fromkeys(_shown(Observed({}, None, None, ())))
        return {"name": self.name, "topic_id": self.id, **shown}

    def _may_go(self, observed: Observed | None) -> bool:
        if observed is None:
            return False
        if observed.subscriptions and not self.delete_with_subscriptions:
            raise Refused(
                f"{self.title} still has {len(observed.subscriptions)} subscription(s), which would no longer receive messages: "
                f"{', '.join(sorted(observed.subscriptions))}. Delete them first, or set delete_with_subscriptions: true."
            )
        return True


def _retention(value: str | None) -> int | None:
    """Seconds; 0 for `none`, which switches it off; None when the option was not given.  Bounds: pubsub v1, Topic."""
    if value is None:
        return None
    return 0 if value == "none" else seconds("message_retention_duration", value, 10 * MINUTE, 31 * DAY)


def _shown(observed: Observed) -> dict[str, t.Any]:
    return {
        "labels": dict(observed.labels),
        "message_retention_duration": observed.message_retention_duration,
        "kms_key_name": observed.kms_key_name,
        "allowed_persistence_regions": list(observed.allowed_persistence_regions),
    }


def _message(wanted: Observed) -> dict[str, t.Any]:
    """`wanted` as the fields of a Topic message; what is not set is left out."""
    message: dict[str, t.Any] = {}
    if wanted.labels:
        message["labels"] = dict(wanted.labels)
    if wanted.message_retention_duration is not None:
        message["message_retention_duration"] = {"seconds": wanted.message_retention_duration}
    if wanted.kms_key_name:
        message["kms_key_name"] = wanted.kms_key_name
    if wanted.allowed_persistence_regions:
        message["message_storage_policy"] = {
            "allowed_persistence_regions": list(wanted.allowed_persistence_regions),
            "enforce_in_transit": wanted.enforce_in_transit,
        }
    return message
