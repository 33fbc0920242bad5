# SPDX-License-Identifier: GPL-3.0-or-later
"""pubsub_change_event: what is pulled, what is acknowledged, and what the event looks like."""

from __future__ import annotations

import base64
import json
import typing as t

from ansible_collections.cdc.gcp.plugins.modules import pubsub_change_event

SUBSCRIPTION = "projects/demo/subscriptions/verify"
PULL = ("Pull", {"subscription": SUBSCRIPTION, "maxMessages": 1000, "returnImmediately": True})


def message(number: int, **row: t.Any) -> dict[str, t.Any]:
    data = base64.b64encode(json.dumps({"id": number, **row}).encode()).decode()
    return {"ackId": f"ack-{number}", "message": {"data": data, "orderingKey": str(number)}}


def wait(run_module: t.Any, pubsub: t.Any, **options: t.Any) -> dict[str, t.Any]:
    given = {"project": "demo", "pubsub_endpoint": f"http://{pubsub.address}", "subscription": "verify", "values": {"name": "hello"}}
    return t.cast(dict[str, t.Any], run_module(pubsub_change_event, **given, **options))


def test_everything_that_was_pulled_is_acknowledged(pubsub: t.Any, run_module: t.Any) -> None:
    pubsub.expect(*PULL, {"receivedMessages": [message(1), message(2, name="hello")]})
    pubsub.expect("Acknowledge", {"subscription": SUBSCRIPTION, "ackIds": ["ack-1", "ack-2"]})
    result = wait(run_module, pubsub)
    assert (result["event"], result["ordering_key"], result["other_events"]) == ({"id": 2, "name": "hello"}, "2", 1)
    assert (result["changed"], result["actions"]) == (False, [])


def test_check_mode_waits_and_acknowledges_nothing(pubsub: t.Any, run_module: t.Any) -> None:
    pubsub.expect(*PULL, {"receivedMessages": [message(1)]}).expect(*PULL, {"receivedMessages": [message(2, name="hello")]})
    result = wait(run_module, pubsub, check=True)
    assert (result["event"]["id"], result["other_events"]) == (2, 1)


def test_an_event_that_does_not_come_is_a_timeout(pubsub: t.Any, run_module: t.Any) -> None:
    pubsub.expect(*PULL)
    assert "Waited 0 s for an event on projects/demo/subscriptions/verify" in wait(run_module, pubsub, timeout=0)["msg"]
