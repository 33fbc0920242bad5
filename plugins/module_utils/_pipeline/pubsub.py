# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the part `pubsub`: topics and subscriptions.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from functools import partial

from .._pubsub.subscription import Subscription
from .._pubsub.topic import Topic
from .._reconcile.graph import Known, Node
from .context import Context, named
from .specification.pubsub import SUBSCRIPTION


def topic_node(topic: str) -> str:
    """Name of a topic's node."""
    return named("topic", topic)


def nodes(run: Context) -> list[Node]:
    """The part's nodes."""
    if not run.wanted("pubsub"):
        return []
    pipeline = run.pipeline
    made = [Node(topic_node(topic), "pubsub_topic", "pubsub", partial(_topic, run, topic)) for topic in pipeline.topics]
    for wanted in pipeline["pubsub_subscriptions"]:
        topic = str(wanted["topic"] or pipeline.topic)
        needs = (topic_node(topic),) if topic in pipeline.topics else ()
        name = named("subscription", wanted["name"])
        made.append(Node(name, "pubsub_subscription", "pubsub", partial(_subscription, run, wanted, topic), needs))
    return made


def _topic(run: Context, topic: str, known: Known) -> Topic:
    pipeline = run.pipeline
    params = {
        "name": topic,
        "state": "present",
        "labels": pipeline["pubsub_labels"],
        "labels_exact": False,
        "message_retention_duration": pipeline["pubsub_message_retention_duration"] if topic in pipeline.change_topics else None,
        "kms_key_name": None,
        "allowed_persistence_regions": None,
        "delete_with_subscriptions": False,
    }
    return Topic.from_params(params, run.connections.pubsub(pipeline["cdc_pubsub_project"]))


def _subscription(run: Context, wanted: dict[str, t.Any], topic: str, known: Known) -> Subscription:
    pipeline = run.pipeline
    params = {
        **{option: wanted.get(option) for option in SUBSCRIPTION},
        "topic": topic,
        "labels": {**pipeline["pubsub_labels"], **(wanted.get("labels") or {})},
        "labels_exact": False,
        "state": "present",
    }
    return Subscription.from_params(params, run.connections.pubsub(pipeline["cdc_pubsub_project"]))
