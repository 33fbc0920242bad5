# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `pubsub`.  PRIVATE to the collection."""

from __future__ import annotations

from .variable import Variable

SUBSCRIPTION: dict[str, dict[str, object]] = {
    "name": {"type": "str", "required": True, "description": "Name of the subscription."},
    "topic": {"type": "str", "description": "Topic to subscribe to. Defaults to O(cdc_topic); required with O(cdc_topic_per_table=true)."},
    "enable_message_ordering": {
        "type": "bool",
        "default": True,
        "description": "Whether to deliver the changes of a row in order. It cannot be changed later.",
    },
    "ack_deadline_seconds": {"type": "int", "description": "Seconds that a subscriber has to acknowledge a message, 10 to 600."},
    "message_retention_duration": {
        "type": "str",
        "description": "How long to keep unacknowledged messages, 10 minutes to 31 days, for example V(7d).",
    },
    "retain_acked_messages": {"type": "bool", "description": "Whether to keep acknowledged messages, too, so that they can be replayed."},
    "filter": {"type": "str", "description": "Filter expression on the messages' attributes. It cannot be changed later."},
    "expiration_ttl": {
        "type": "str",
        "default": "never",
        "description": "Time without subscriber activity after which Pub/Sub deletes the subscription, at least 1 day, or V(never).",
    },
    "dead_letter_topic": {"type": "str", "description": "Existing topic for messages that could not be delivered."},
    "max_delivery_attempts": {
        "type": "int",
        "description": "Delivery attempts, 5 to 100, before a message goes to O(pubsub_subscriptions[].dead_letter_topic).",
    },
    "labels": {"type": "dict", "description": "Labels of this subscription, in addition to O(pubsub_labels)."},
}

VARIABLES: tuple[Variable, ...] = (
    Variable("pubsub_labels", "Labels of topics and subscriptions, merged with their other labels.", "dict", default={}),
    Variable(
        "pubsub_message_retention_duration",
        (
            "How long the change topics keep messages for replay, 10 minutes to 31 days, for example V(7d).",
            "By default, topics are left as they are.",
        ),
    ),
    Variable(
        "pubsub_subscriptions",
        "Subscriptions to create. The options have the same meaning as in cdc.gcp.pubsub_subscription.",
        "list",
        default=[],
        elements="dict",
        options=SUBSCRIPTION,
    ),
)
