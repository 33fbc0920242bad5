# SPDX-License-Identifier: GPL-3.0-or-later
"""A Pub/Sub topic, as the engine knows resources.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._gcp.options import GcpOptions
from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.merge import shared_map
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import wait_for
from .actions import Create, Delete, Update
from .gateway import PubSub, PubSubError
from .values import DAY, MINUTE, full_name, labels, seconds


@dataclass(frozen=True)
class Observed:
    """A topic as the server has it.

    message_retention_duration: seconds, None when the topic keeps no messages of its own.
    enforce_in_transit: belongs to the storage policy and is carried over when the regions change.
    subscriptions: full names; filled only when the topic shall go.
    """

    labels: Mapping[str, str]
    message_retention_duration: int | None
    kms_key_name: str | None
    allowed_persistence_regions: tuple[str, ...]
    enforce_in_transit: bool = False
    subscriptions: tuple[str, ...] = ()


class Topic:
    """The topic that the user wants.  Options that are None are left as the server has them."""

    def __init__(self, server: PubSub, params: Mapping[str, t.Any]) -> None:
        self.server = server
        self.name = full_name("name", params["name"], "topics", server.options.project)
        self.title = f"topic {self.name.rsplit('/', 1)[1]}"
        self.present = params["state"] == "present"
        self.delete_with_subscriptions: bool = params["delete_with_subscriptions"]
        self.labels = labels(params["labels"])
        self.labels_exact: bool = params["labels_exact"]
        self.retention = _retention(params["message_retention_duration"])
        self.kms_key_name: str | None = params["kms_key_name"]
        regions = params["allowed_persistence_regions"]
        self.regions = None if regions is None else tuple(sorted(set(regions)))
        self._created: Observed | None = None
        if self.labels_exact and self.labels is None:
            raise InvalidInput("labels_exact needs labels; write labels: {} to remove all.")

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any]) -> Topic:
        return cls(PubSub(GcpOptions.from_params(params)), params)

    def read(self) -> Observed | None:
        found = self._get()
        if found is None:
            return self._created  # Reads may miss a new topic for a while; the server's answer to its creation does not.
        if self.present:
            return found
        answer = self._call("Listing the subscriptions of", "topics.get", "list_topic_subscriptions", {"topic": self.name})
        return Observed(**{**found.__dict__, "subscriptions": tuple(answer)})

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

    def apply(self, action: Action) -> None:
        if isinstance(action, Create):
            self._create(action)
        elif isinstance(action, Update):
            request = {"topic": {"name": self.name, **action.fields}, "update_mask": {"paths": list(action.mask)}}
            self._call("Changing", "topics.update", "update_topic", request)
        elif isinstance(action, Delete):
            try:
                self._call("Deleting", "topics.delete", "delete_topic", {"topic": self.name})
            except PubSubError as error:
                if error.code != "NOT_FOUND":
                    raise

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        shown = _shown(observed) if observed else dict.fromkeys(_shown(Observed({}, None, None, ())))
        return {"name": self.name, "topic_id": self.name.rsplit("/", 1)[1], **shown}

    def _create(self, action: Create) -> None:
        try:
            self._created = _observed(self._call("Creating", "topics.create", "create_topic", action.request))
        except PubSubError as error:
            if error.code != "ALREADY_EXISTS":
                raise
        # A read just before the creation is remembered as "not found" for some seconds; wait, so that what follows finds the topic.
        found = wait_for(self._get, f"{self.title} to be readable", self.server.options.retry_timeout, self.server.clock, first=0.5)
        if self._created is None:
            for update in self.plan(found).actions:
                self.apply(update)

    def _may_go(self, observed: Observed | None) -> bool:
        if observed is None:
            return False
        if observed.subscriptions and not self.delete_with_subscriptions:
            raise Refused(
                f"{self.title} still has {len(observed.subscriptions)} subscription(s), which would get no more messages: "
                f"{', '.join(sorted(observed.subscriptions))}. Delete them first, or set delete_with_subscriptions: true."
            )
        return True

    def _get(self) -> Observed | None:
        try:
            return _observed(self._call("Reading", "topics.get", "get_topic", {"topic": self.name}))
        except PubSubError as error:
            if error.code != "NOT_FOUND":
                raise
            return None

    def _call(self, verb: str, permission: str, method: str, request: Mapping[str, t.Any]) -> t.Any:
        return self.server.call(f"{verb} {self.title}", f"pubsub.{permission} on {self.name}", "publisher", method, request)


def _retention(value: str | None) -> int | None:
    """Seconds; 0 for `none`, which switches it off; None when the option was not given.  Bounds: pubsub v1, Topic."""
    if value is None:
        return None
    return 0 if value == "none" else seconds("message_retention_duration", value, 10 * MINUTE, 31 * DAY)


def _observed(message: t.Any) -> Observed:
    return Observed(
        labels=dict(message.labels),
        message_retention_duration=int(message.message_retention_duration.total_seconds()) if message.message_retention_duration else None,
        kms_key_name=message.kms_key_name or None,
        allowed_persistence_regions=tuple(sorted(message.message_storage_policy.allowed_persistence_regions)),
        enforce_in_transit=message.message_storage_policy.enforce_in_transit,
    )


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
