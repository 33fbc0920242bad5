# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of Pub/Sub, IAM and the token endpoint."""

from __future__ import annotations

from ..background import Background
from ..pipeline import Pipeline, Recovery
from ..pod import gone


def binding_revoked(pipeline: Pipeline) -> Recovery:
    """Somebody takes the publisher's role on the topic away; Debezium is refused, and its process ends."""
    topic = pipeline.google.topic
    with pipeline.google.refused("PERMISSION_DENIED", topic):
        pipeline.google.revoke_publisher()
    pipeline.site()
    return Recovery("site.yml: the grant")


def key_deleted(pipeline: Pipeline) -> Recovery:
    """The key of the service account is deleted, as by a policy that ends old keys; the pod has a token for an hour."""
    uid = pipeline.pod.uid
    pipeline.google.delete_keys()
    pipeline.site()
    assert len(pipeline.google.keys()) == 1
    pipeline.pod.replaced(uid)
    return Recovery("site.yml: a new key, a new pod")


def token_endpoint_unavailable(pipeline: Pipeline) -> Recovery:
    """Google gives no tokens (503) while a pod starts that needs one."""
    pid = pipeline.pod.java()
    with pipeline.google.no_tokens():
        pipeline.pod.kubectl("delete", "pod", pipeline.pod.name, "--wait=false")
        gone(pid)
        pipeline.hold(20)
    return Recovery("itself")


def topic_deleted(pipeline: Pipeline) -> Recovery:
    """The topic of changes is deleted, and with it the subscriptions lose it; the consumer subscribes again as soon as it is back."""
    topic = pipeline.google.topic
    with pipeline.google.refused("NOT_FOUND", topic):
        pipeline.google.delete_topic(topic)
    consumer = Background(lambda: pipeline.reader.subscribe(300))
    pipeline.site()
    consumer.wait(1)
    return Recovery("site.yml: topic and grants")


def heartbeat_topic_deleted(pipeline: Pipeline) -> Recovery:
    """The topic of heartbeats is deleted: a missing topic ends Debezium's process."""
    topic = pipeline.google.heartbeat_topic
    with pipeline.google.refused("NOT_FOUND", topic):
        pipeline.google.delete_topic(topic)
    pipeline.site()
    return Recovery("site.yml: topic and grants")


def pubsub_hangs(pipeline: Pipeline) -> Recovery:
    """Pub/Sub takes connections and answers nothing for 20 seconds."""
    with pipeline.stopped(pipeline.program("pubsub")):
        pipeline.hold(20)
    return Recovery("itself: Google's client tries again")


def pubsub_unreachable(pipeline: Pipeline) -> Recovery:
    """The network between pod and Pub/Sub drops all packets for 20 seconds."""
    rule = ("OUTPUT", "-p", "tcp", "--dport", str(pipeline.world.settings.pubsub_tls_port), "-j", "DROP")
    pipeline.pod.network("iptables", "-A", *rule)
    try:
        pipeline.hold(20)
    finally:
        pipeline.pod.network("iptables", "-D", *rule)
    return Recovery("itself: Google's client tries again")


def publish_unavailable(pipeline: Pipeline) -> Recovery:
    """Pub/Sub answers UNAVAILABLE to each of 20 publish calls."""
    with pipeline.google.pubsub_fault("unavailable", 20):
        pass
    return Recovery("itself: Google's client tries again")


def publish_answers_lost(pipeline: Pipeline) -> Recovery:
    """Pub/Sub takes messages, and each of 20 answers is lost: they are published again."""
    with pipeline.google.pubsub_fault("answer_lost", 20):
        pass
    return Recovery("itself: Google's client tries again")
