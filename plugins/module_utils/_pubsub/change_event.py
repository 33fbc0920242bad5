# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for one change event on a subscription.  PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._gcp.options import GcpOptions
from .._reconcile.engine import ReadOnly
from .._reconcile.wait import wait_for
from .gateway import PubSub
from .values import full_name


@dataclass(frozen=True)
class Event:
    """One message: body is its data as JSON, or as text when it is none."""

    body: t.Any
    attributes: Mapping[str, str] = field(default_factory=dict)
    ordering_key: str = ""
    publish_time: str = ""


def is_about(body: t.Any, table: str | None, values: Mapping[str, t.Any]) -> bool:
    """Whether an event is about a row of `table` (schema.table) with `values` in its new state.

    Knows Debezium's envelope (`source`, `after`) and flattened events (the row itself, which does not name its table).
    """
    if not isinstance(body, Mapping):
        return False
    if isinstance(body.get("payload"), Mapping):
        body = body["payload"]
    source = body.get("source")
    if isinstance(source, Mapping) and table is not None and f"{source.get('schema')}.{source.get('table')}" != table:
        return False
    row = body.get("after") if "after" in body else body
    if not isinstance(row, Mapping):
        return not values
    return all(name in row and str(row[name]) == str(value) for name, value in values.items())


class ChangeEvent(ReadOnly[Event]):
    """The next event that fits.  Messages that do not fit are acknowledged, so give it a subscription of its own.

    acknowledge: False in check mode; what was pulled then comes again after the subscription's acknowledgement deadline.
    """

    def __init__(self, server: PubSub, params: Mapping[str, t.Any], acknowledge: bool = True) -> None:
        self._server = server
        self._acknowledge = acknowledge
        self._subscription = full_name("subscription", params["subscription"], "subscription", server.options.project)
        self._table: str | None = params["table"]
        self._values: Mapping[str, t.Any] = params["values"] or {}
        self._timeout: float = params["timeout"]
        self._others = 0
        self.title = f"event on subscription {params['subscription']}"

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, server: PubSub | None = None) -> ChangeEvent:
        """From the module's parameters.  server: one that exists already."""
        return cls(server or PubSub(GcpOptions.from_params(params)), params, acknowledge=not check_mode)

    def read(self) -> Event:
        about = f" of table {self._table}" if self._table else ""
        what = f"an event{about} on {self._subscription}"
        return wait_for(self._pull, what, self._timeout, self._server.clock, first=0.3, longest=2.0)

    def facts(self, observed: Event | None) -> Mapping[str, t.Any]:
        if observed is None:
            raise AssertionError("read() always gives one")
        return {
            "event": observed.body,
            "attributes": dict(observed.attributes),
            "ordering_key": observed.ordering_key,
            "publish_time": observed.publish_time,
            "other_events": self._others,
        }

    def _pull(self) -> Event | None:
        request = {"subscription": self._subscription, "max_messages": 1000, "return_immediately": True}
        attempt = f"Pulling from {self._subscription}"
        permission = f"pubsub.subscriptions.consume on {self._subscription}"
        received = list(self._server.call(attempt, permission, "subscriber", "pull", request).received_messages)
        if not received:
            return None
        if self._acknowledge:
            acknowledged = {"subscription": self._subscription, "ack_ids": [one.ack_id for one in received]}
            self._server.call(f"Acknowledging messages of {self._subscription}", permission, "subscriber", "acknowledge", acknowledged)
        for one in received:
            event = _event(one.message)
            if is_about(event.body, self._table, self._values):
                return event
            self._others += 1
        return None


def _event(message: t.Any) -> Event:
    text = message.data.decode("utf-8", errors="replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return Event(body, dict(message.attributes), message.ordering_key, message.publish_time.isoformat() if message.publish_time else "")
