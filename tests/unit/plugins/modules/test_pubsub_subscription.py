# SPDX-License-Identifier: GPL-3.0-or-later
"""pubsub_subscription: each request of a run, over real gRPC, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import pubsub_subscription
from grpc import StatusCode

NAME = "projects/demo/subscriptions/warehouse"
TOPIC = "projects/demo/topics/shop.changes"
DEAD = "projects/demo/topics/dead"
GET = ("GetSubscription", {"subscription": NAME})
DEFAULTS = {
    "name": NAME,
    "topic": TOPIC,
    "ackDeadlineSeconds": 10,
    "messageRetentionDuration": "604800s",
    "expirationPolicy": {"ttl": "2678400s"},
}
FULL = {
    **DEFAULTS,
    "labels": {"team": "shop"},
    "enableMessageOrdering": True,
    "filter": 'attributes.a = "b"',
    "deadLetterPolicy": {"deadLetterTopic": DEAD, "maxDeliveryAttempts": 7},
}


@pytest.fixture
def subscription(pubsub: t.Any, run_module: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """Run the module for subscription warehouse of project demo."""

    def run(**options: t.Any) -> dict[str, t.Any]:
        given = {"project": "demo", "name": "warehouse", "pubsub_endpoint": f"http://{pubsub.address}", **options}
        return run_module(pubsub_subscription, **given)

    return run


def test_an_absent_subscription_is_created_with_the_defaults_of_the_api(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect("CreateSubscription", DEFAULTS, DEFAULTS).expect(*GET, DEFAULTS)
    pubsub.expect(*GET, DEFAULTS)
    result = subscription(topic="shop.changes")
    assert result["actions"] == [f"create subscription warehouse of topic {TOPIC}"]
    assert (result["topic"], result["expiration_ttl"], result["ack_deadline_seconds"]) == (TOPIC, 2678400, 10)


def test_everything_can_be_named_at_creation(pubsub: t.Any, subscription: t.Any) -> None:
    wanted = {**FULL, "ackDeadlineSeconds": 60, "retainAckedMessages": True, "expirationPolicy": {}, "messageRetentionDuration": "1200s"}
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect("CreateSubscription", wanted, wanted).expect(*GET, wanted).expect(*GET, wanted)
    result = subscription(
        topic=TOPIC,
        ack_deadline_seconds=60,
        message_retention_duration="20m",
        retain_acked_messages=True,
        enable_message_ordering=True,
        filter='attributes.a = "b"',
        expiration_ttl="never",
        dead_letter_topic="dead",
        max_delivery_attempts=7,
        labels={"team": "shop"},
    )
    assert result["expiration_ttl"] == "never"
    assert result["diff"]["after"]["dead_letter_topic"] == DEAD


def test_a_second_run_changes_nothing(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, FULL)
    result = subscription(topic="shop.changes", message_retention_duration="7d", expiration_ttl="31d", dead_letter_topic="dead", labels={})
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("options", "changed", "mask"),
    [
        ({"ack_deadline_seconds": 20}, {"ackDeadlineSeconds": 20}, "ackDeadlineSeconds"),
        ({"message_retention_duration": "1d"}, {"messageRetentionDuration": "86400s"}, "messageRetentionDuration"),
        ({"retain_acked_messages": True}, {"retainAckedMessages": True}, "retainAckedMessages"),
        ({"expiration_ttl": "never"}, {"expirationPolicy": {}}, "expirationPolicy"),
        ({"dead_letter_topic": ""}, {}, "deadLetterPolicy"),
        (
            {"max_delivery_attempts": 9},
            {"deadLetterPolicy": {"deadLetterTopic": DEAD, "maxDeliveryAttempts": 9}},
            "deadLetterPolicy",
        ),
        (
            {"dead_letter_topic": "other-dead"},
            {"deadLetterPolicy": {"deadLetterTopic": "projects/demo/topics/other-dead", "maxDeliveryAttempts": 7}},
            "deadLetterPolicy",
        ),
        ({"labels": {"a": "b"}}, {"labels": {"team": "shop", "a": "b"}}, "labels"),
        ({"labels": {}, "labels_exact": True}, {}, "labels"),
    ],
)
def test_a_change_sends_that_field_and_no_other(pubsub: t.Any, subscription: t.Any, options: t.Any, changed: t.Any, mask: str) -> None:
    pubsub.expect(*GET, FULL)
    pubsub.expect("UpdateSubscription", {"subscription": {"name": NAME, **changed}, "updateMask": mask}).expect(*GET, FULL)
    assert subscription(**options)["changed"] is True


@pytest.mark.parametrize("options", [{"topic": "other"}, {"filter": ""}, {"enable_message_ordering": False}])
def test_what_cannot_change_is_refused_with_the_way_on(pubsub: t.Any, subscription: t.Any, options: dict[str, t.Any]) -> None:
    pubsub.expect(*GET, FULL)
    result = subscription(**options)
    assert result["failed"] is True
    assert next(iter(options)) in result["msg"]
    assert "Use another name, or delete it (state: absent)" in result["msg"]


def test_a_missing_topic_is_said_with_what_to_do(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)
    pubsub.expect("CreateSubscription", DEFAULTS, status=StatusCode.NOT_FOUND, text="Resource not found (resource=shop.changes).")
    assert subscription(topic="shop.changes")["msg"].endswith("Create the topic (and the dead-letter topic) first.")


def test_creating_needs_a_topic(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)
    assert "topic is required" in subscription(check=True)["msg"]


def test_attempts_need_a_dead_letter_topic(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, DEFAULTS)
    assert "needs dead_letter_topic" in subscription(max_delivery_attempts=7)["msg"]


def test_delete(pubsub: t.Any, subscription: t.Any) -> None:
    pubsub.expect(*GET, FULL).expect("DeleteSubscription", {"subscription": NAME}).expect(*GET, status=StatusCode.NOT_FOUND)
    result = subscription(state="absent")
    assert (result["actions"], result["topic"]) == (["delete subscription warehouse"], None)
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)
    assert subscription(state="absent")["changed"] is False


@pytest.mark.parametrize(
    "options",
    [{"ack_deadline_seconds": 9}, {"ack_deadline_seconds": 601}, {"max_delivery_attempts": 4}, {"expiration_ttl": "23h"}, {"topic": "x"}],
)
def test_bad_input_is_refused_before_any_call(subscription: t.Any, options: dict[str, t.Any]) -> None:
    assert subscription(**options)["failed"] is True
