# SPDX-License-Identifier: GPL-3.0-or-later
"""pubsub_topic: each request of a run, over real gRPC, for every situation."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import pubsub_topic
from grpc import StatusCode

NAME = "projects/demo/topics/shop.changes"
GET = ("GetTopic", {"topic": NAME})
TOPIC = {
    "name": NAME,
    "labels": {"team": "shop"},
    "messageRetentionDuration": "86400s",
    "kmsKeyName": "projects/demo/locations/eu/keyRings/r/cryptoKeys/k",
    "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west3", "europe-west1"], "enforceInTransit": True},
}


@pytest.fixture
def topic(pubsub: t.Any, run_module: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """Run the module for topic shop.changes of project demo."""

    def run(**options: t.Any) -> dict[str, t.Any]:
        given = {"project": "demo", "name": "shop.changes", "pubsub_endpoint": f"http://{pubsub.address}", **options}
        return run_module(pubsub_topic, **given)

    return run


def test_an_absent_topic_is_created_with_the_named_fields_only(pubsub: t.Any, topic: t.Any) -> None:
    wanted = {"name": NAME, "labels": {"team": "shop", "year": "2026"}, "messageRetentionDuration": "604800s"}
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect("CreateTopic", wanted, wanted).expect(*GET, wanted).expect(*GET, wanted)
    result = topic(labels={"team": "shop", "year": 2026}, message_retention_duration="7d")
    assert result["changed"] is True
    assert result["actions"] == ["create topic shop.changes"]
    assert (result["name"], result["topic_id"], result["message_retention_duration"]) == (NAME, "shop.changes", 604800)
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["labels"] == {"team": "shop", "year": "2026"}
    assert "cdc.gcp" in pubsub.metadata[0]["x-goog-api-client"]


def test_a_new_topic_that_is_not_readable_yet_is_waited_for(pubsub: t.Any, topic: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect("CreateTopic", {"name": NAME}, {"name": NAME})
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect(*GET, {"name": NAME})
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)  # the engine's own read flaps once more: the creation's answer counts
    result = topic()
    assert result["changed"] is True
    assert result["labels"] == {}


def test_somebody_else_created_it_first(pubsub: t.Any, topic: t.Any) -> None:
    theirs = {"name": NAME, "labels": {"owner": "them"}}
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)
    pubsub.expect("CreateTopic", {"name": NAME, "labels": {"a": "b"}}, status=StatusCode.ALREADY_EXISTS).expect(*GET, theirs)
    both = {"name": NAME, "labels": {"owner": "them", "a": "b"}}
    pubsub.expect("UpdateTopic", {"topic": both, "updateMask": "labels"}, both).expect(*GET, both)
    assert topic(labels={"a": "b"})["labels"] == {"owner": "them", "a": "b"}


def test_a_second_run_changes_nothing(pubsub: t.Any, topic: t.Any) -> None:
    pubsub.expect(*GET, TOPIC)
    result = topic(
        labels={"team": "shop"},
        message_retention_duration="24h",
        kms_key_name=TOPIC["kmsKeyName"],
        allowed_persistence_regions=["europe-west1", "europe-west3"],
    )
    assert result["changed"] is False
    assert result["diff"]["before"] == result["diff"]["after"]


@pytest.mark.parametrize(
    ("options", "changed", "mask"),
    [
        ({"labels": {"a": "b"}}, {"labels": {"team": "shop", "a": "b"}}, "labels"),
        ({"labels": {"a": "b"}, "labels_exact": True}, {"labels": {"a": "b"}}, "labels"),
        ({"labels": {}, "labels_exact": True}, {}, "labels"),
        ({"message_retention_duration": "30m"}, {"messageRetentionDuration": "1800s"}, "messageRetentionDuration"),
        ({"message_retention_duration": "none"}, {}, "messageRetentionDuration"),
        ({"kms_key_name": ""}, {}, "kmsKeyName"),
        (
            {"allowed_persistence_regions": ["europe-west1"]},
            {"messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west1"], "enforceInTransit": True}},
            "messageStoragePolicy",
        ),
        ({"allowed_persistence_regions": []}, {}, "messageStoragePolicy"),
    ],
)
def test_a_change_sends_that_field_and_no_other(pubsub: t.Any, topic: t.Any, options: t.Any, changed: t.Any, mask: str) -> None:
    pubsub.expect(*GET, TOPIC).expect("UpdateTopic", {"topic": {"name": NAME, **changed}, "updateMask": mask}).expect(*GET, TOPIC)
    assert topic(**options)["changed"] is True


def test_check_mode_says_what_would_be_done_and_does_nothing(pubsub: t.Any, topic: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND).expect(*GET, TOPIC)
    assert topic(check=True)["actions"] == ["create topic shop.changes"]
    result = topic(check=True, labels={"team": "other"})
    assert result["actions"] == ["change labels of topic shop.changes"]
    assert (result["diff"]["before"]["labels"], result["diff"]["after"]["labels"]) == ({"team": "shop"}, {"team": "other"})


def test_a_topic_with_subscriptions_is_not_deleted_by_surprise(pubsub: t.Any, topic: t.Any) -> None:
    attached = {"subscriptions": ["projects/demo/subscriptions/warehouse"]}
    for _ in range(2):
        pubsub.expect(*GET, TOPIC).expect("ListTopicSubscriptions", {"topic": NAME}, attached)
    assert "projects/demo/subscriptions/warehouse" in topic(state="absent")["msg"]
    pubsub.expect("DeleteTopic", {"topic": NAME}, status=StatusCode.NOT_FOUND).expect(*GET, status=StatusCode.NOT_FOUND)
    result = topic(state="absent", delete_with_subscriptions=True)
    assert (result["changed"], result["diff"]["after"]) == (True, {})


def test_an_absent_topic_stays_absent(pubsub: t.Any, topic: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.NOT_FOUND)
    assert topic(state="absent")["changed"] is False


def test_a_missing_permission_is_named(pubsub: t.Any, topic: t.Any) -> None:
    pubsub.expect(*GET, status=StatusCode.PERMISSION_DENIED, text="User not authorized to perform this action.")
    assert topic()["msg"] == (
        "Reading topic shop.changes failed with PERMISSION_DENIED: User not authorized to perform this action. "
        f"The account that runs this needs the permission pubsub.topics.get on {NAME}; check the project's name too."
    )


@pytest.mark.parametrize(
    "options",
    [
        {"name": "ab"},
        {"name": "google-topic"},
        {"name": "1abc"},
        {"name": "a b c"},
        {"name": "x" * 256},
        {"message_retention_duration": "9m"},
        {"message_retention_duration": "32d"},
        {"message_retention_duration": "a week"},
        {"labels_exact": True},
    ],
)
def test_bad_input_is_refused_before_any_call(topic: t.Any, options: dict[str, t.Any]) -> None:
    assert topic(**options)["failed"] is True
