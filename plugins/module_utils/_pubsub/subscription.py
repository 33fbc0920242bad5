# SPDX-License-Identifier: GPL-3.0-or-later
"""A Pub/Sub subscription, as a resource of the engine.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.merge import shared_map
from .._reconcile.plan import Plan
from .actions import Create, Delete, Update
from .gateway import PubSub
from .resource import PubSubResource
from .values import DAY, MINUTE, full_name, seconds

NEVER = "never"
IMMUTABLE = ("topic", "filter", "enable_message_ordering")
DEFAULT_ATTEMPTS = 5


@dataclass(frozen=True)
class Observed:
    """A subscription as the server has it, or as it is wanted.

    The defaults are those that the API gives a new subscription (pubsub v1, Subscription).  Durations are seconds.
    """

    topic: str
    ack_deadline_seconds: int = 10
    message_retention_duration: int = 7 * DAY
    retain_acked_messages: bool = False
    enable_message_ordering: bool = False
    filter: str = ""
    expiration_ttl: int | t.Literal["never"] = 31 * DAY
    dead_letter_topic: str | None = None
    max_delivery_attempts: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


class Subscription(PubSubResource[Observed]):
    """The subscription that the user wants.  Options that are None are left as the server has them."""

    kind = "subscription"
    client = "subscriber"

    def __init__(self, server: PubSub, params: Mapping[str, t.Any]) -> None:
        super().__init__(server, params)
        self.wanted = _wanted(params, server.options.project)

    def observed(self, message: t.Any) -> Observed:
        letters = message.dead_letter_policy
        return Observed(
            topic=message.topic,
            ack_deadline_seconds=message.ack_deadline_seconds,
            message_retention_duration=int(message.message_retention_duration.total_seconds()),
            retain_acked_messages=message.retain_acked_messages,
            enable_message_ordering=message.enable_message_ordering,
            filter=message.filter,
            expiration_ttl=_ttl(message),
            dead_letter_topic=letters.dead_letter_topic or None,
            max_delivery_attempts=(letters.max_delivery_attempts or DEFAULT_ATTEMPTS) if letters.dead_letter_topic else None,
            labels=dict(message.labels),
        )

    def plan(self, observed: Observed | None) -> Plan:
        before = asdict(observed) if observed else None
        if not self.present:
            return Plan(before, None, (Delete(f"delete {self.title}"),) if observed else ())
        if observed is None and "topic" not in self.wanted:
            raise InvalidInput(f"{self.title} does not exist, and topic is required to create it.")
        wanted = self._after(observed)
        if observed is None:
            summary = f"create {self.title} of topic {wanted.topic}"
            advice = " Create the topic (and the dead-letter topic) first."
            return Plan(None, asdict(wanted), (Create(summary, {"name": self.name, **_message(wanted)}, advice),))
        mask = tuple(name for name, value in asdict(wanted).items() if value != getattr(observed, name))
        if not mask:
            return Plan(before, before)
        self._check_immutable(wanted, observed, mask)
        paths = tuple(dict.fromkeys(_PATHS.get(name, name) for name in mask))
        changed = {name: value for name, value in _message(wanted).items() if name in paths}
        return Plan(before, asdict(wanted), (Update(f"change {', '.join(mask)} of {self.title}", changed, paths),))

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        shown = asdict(observed) if observed else dict.fromkeys(Observed.__dataclass_fields__)
        return {"name": self.name, "subscription_id": self.id, **shown}

    def _after(self, observed: Observed | None) -> Observed:
        base = asdict(observed) if observed else {"labels": {}}
        after = {**base, **self.wanted, "labels": shared_map(self.labels, base["labels"], self.labels_exact)}
        if not after.get("dead_letter_topic"):
            if self.wanted.get("max_delivery_attempts") is not None:
                raise InvalidInput(f"max_delivery_attempts needs dead_letter_topic, and {self.title} has none.")
            after["max_delivery_attempts"] = None
        elif after.get("max_delivery_attempts") is None:
            after["max_delivery_attempts"] = DEFAULT_ATTEMPTS
        return Observed(**after)

    def _check_immutable(self, wanted: Observed, observed: Observed, mask: tuple[str, ...]) -> None:
        for name in IMMUTABLE:
            if name in mask:
                raise Refused(
                    f"{self.title} has {name} {getattr(observed, name)!r}, not {getattr(wanted, name)!r}, and Pub/Sub cannot change that "
                    f"on a subscription that exists. Use another name, or delete it (state: absent) and run again: its pending messages "
                    f"are lost then."
                )


def _wanted(params: Mapping[str, t.Any], project: str) -> dict[str, t.Any]:
    """The options that were given, labels aside, in the form of `Observed`.  Bounds: pubsub v1, Subscription."""
    wanted = {name: params[name] for name in ("ack_deadline_seconds", "retain_acked_messages", "enable_message_ordering", "filter")}
    if params["ack_deadline_seconds"] is not None and not 10 <= params["ack_deadline_seconds"] <= 600:
        raise InvalidInput(f"ack_deadline_seconds must be between 10 and 600, not {params['ack_deadline_seconds']}.")
    if params["topic"] is not None:
        wanted["topic"] = full_name("topic", params["topic"], "topic", project)
    if params["message_retention_duration"] is not None:
        wanted["message_retention_duration"] = seconds(
            "message_retention_duration", params["message_retention_duration"], 10 * MINUTE, 31 * DAY
        )
    if params["expiration_ttl"] is not None:
        ttl = params["expiration_ttl"]
        wanted["expiration_ttl"] = NEVER if ttl == NEVER else seconds("expiration_ttl", ttl, DAY)
    if params["max_delivery_attempts"] is not None:
        wanted["max_delivery_attempts"] = params["max_delivery_attempts"]
        if not 5 <= params["max_delivery_attempts"] <= 100:
            raise InvalidInput(f"max_delivery_attempts must be between 5 and 100, not {params['max_delivery_attempts']}.")
    found = {name: value for name, value in wanted.items() if value is not None}
    letters = params["dead_letter_topic"]
    if letters is not None:
        found["dead_letter_topic"] = None if letters == "" else full_name("dead_letter_topic", letters, "topic", project)
    return found


_PATHS = {
    "expiration_ttl": "expiration_policy",
    "dead_letter_topic": "dead_letter_policy",
    "max_delivery_attempts": "dead_letter_policy",
}
"""Names of ours whose field in the API has another name."""


def _ttl(message: t.Any) -> int | t.Literal["never"]:
    """An expiration policy without a ttl means never; no policy at all means the default (pubsub v1, ExpirationPolicy)."""
    if "expiration_policy" not in message:
        return 31 * DAY
    return int(message.expiration_policy.ttl.total_seconds()) or "never"


def _message(wanted: Observed) -> dict[str, t.Any]:
    """`wanted` as the fields of a Subscription message; what is not set is left out."""
    message: dict[str, t.Any] = {
        "topic": wanted.topic,
        "ack_deadline_seconds": wanted.ack_deadline_seconds,
        "message_retention_duration": {"seconds": wanted.message_retention_duration},
        "retain_acked_messages": wanted.retain_acked_messages,
        "enable_message_ordering": wanted.enable_message_ordering,
        "filter": wanted.filter,
        "expiration_policy": {} if wanted.expiration_ttl == NEVER else {"ttl": {"seconds": wanted.expiration_ttl}},
    }
    if wanted.labels:
        message["labels"] = dict(wanted.labels)
    if wanted.dead_letter_topic:
        message["dead_letter_policy"] = {
            "dead_letter_topic": wanted.dead_letter_topic,
            "max_delivery_attempts": wanted.max_delivery_attempts,
        }
    return message
