"""Google's own client, over gRPC without credentials, as users of an emulator have it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import PubSub
from google.api_core import exceptions
from google.iam.v1 import policy_pb2
from google.pubsub_v1 import PubsubMessage


def test_labels_and_retention_are_updated(pubsub: PubSub, topic: str) -> None:
    pubsub.publisher.create_topic(request={"name": topic, "labels": {"env": "test"}})
    pubsub.publisher.update_topic(
        request={
            "topic": {"name": topic, "labels": {"team": "data"}, "message_retention_duration": timedelta(days=1)},
            "update_mask": {"paths": ["labels", "message_retention_duration"]},
        }
    )
    found = pubsub.publisher.get_topic(topic=topic)
    assert dict(found.labels) == {"team": "data"}
    assert found.message_retention_duration.total_seconds() == 86400


def test_policy_with_a_stale_etag_is_refused(pubsub: PubSub, topic: str) -> None:
    pubsub.publisher.create_topic(name=topic)
    read = pubsub.publisher.get_iam_policy(request={"resource": topic})
    read.bindings.add(role="roles/pubsub.publisher", members=["serviceAccount:sender@demo"])
    pubsub.publisher.set_iam_policy(request={"resource": topic, "policy": read})
    with pytest.raises(exceptions.Aborted, match="There were concurrent policy changes. Please retry the whole read-modify-write"):
        pubsub.publisher.set_iam_policy(request={"resource": topic, "policy": read})
    found = pubsub.publisher.get_iam_policy(request={"resource": topic})
    assert [(each.role, list(each.members)) for each in found.bindings] == [("roles/pubsub.publisher", ["serviceAccount:sender@demo"])]


def test_member_who_does_not_exist_is_refused(pubsub: PubSub, topic: str) -> None:
    pubsub.publisher.create_topic(name=topic)
    pubsub.identity.missing.add("serviceAccount:ghost@demo")
    policy = policy_pb2.Policy(bindings=[policy_pb2.Binding(role="roles/pubsub.publisher", members=["serviceAccount:ghost@demo"])])
    with pytest.raises(exceptions.InvalidArgument, match="Service account ghost@demo does not exist."):
        pubsub.publisher.set_iam_policy(request={"resource": topic, "policy": policy})


def test_messages_of_one_key_arrive_in_order(pubsub: PubSub, topic: str) -> None:
    subscription = topic.replace("/topics/", "/subscriptions/")
    pubsub.publisher.create_topic(name=topic)
    made = pubsub.subscriber.create_subscription(request={"name": subscription, "topic": topic, "enable_message_ordering": True})
    assert made.ack_deadline_seconds == 10
    assert made.expiration_policy.ttl.total_seconds() == 2678400
    sent = [f"row {number}".encode() for number in range(20)]
    for data in sent:
        pubsub.publisher.publish(topic=topic, messages=[PubsubMessage(data=data, ordering_key="key")])
    received: list[bytes] = []
    while len(received) < len(sent):
        answer = pubsub.subscriber.pull(subscription=subscription, max_messages=10)
        assert answer.received_messages, f"only {len(received)} messages came"
        received += [each.message.data for each in answer.received_messages]
        pubsub.subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in answer.received_messages])
    assert received == sent


def test_refusals_have_the_services_words(pubsub: PubSub, topic: str) -> None:
    with pytest.raises(exceptions.NotFound, match=rf"Resource not found \(resource={topic.rsplit('/', 1)[1]}\)\."):
        pubsub.publisher.get_topic(topic=topic)
    pubsub.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.AlreadyExists, match=r"Resource already exists in the project \(resource=topic-"):
        pubsub.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.InvalidArgument, match="Each message must contain either non-empty data, or at least one attribute"):
        pubsub.publisher.publish(topic=topic, messages=[PubsubMessage()])
    with pytest.raises(exceptions.InvalidArgument, match="Invalid resource name given"):
        pubsub.publisher.create_topic(name=f"projects/{pubsub.settings.project}/topics/__debezium-heartbeat.x")
