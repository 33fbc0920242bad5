# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `pubsub`.  PRIVATE to the collection."""

from __future__ import annotations

from .variable import Variable

SUBSCRIPTION: dict[str, dict[str, object]] = {
    "name": {"type": "str", "required": True, "description": "Name of the subscription."},
    "topic": {"type": "str", "description": "Topic to subscribe to; O(cdc_topic) when it is not given."},
    "enable_message_ordering": {
        "type": "bool",
        "default": True,
        "description": "Whether messages of one row are delivered in order. It cannot be changed later.",
    },
    "ack_deadline_seconds": {"type": "int", "description": "Seconds that a subscriber has to acknowledge a message."},
    "message_retention_duration": {"type": "str", "description": "How long unacknowledged messages are kept, for example V(7d)."},
    "retain_acked_messages": {"type": "bool", "description": "Whether acknowledged messages are kept, too, so that they can be replayed."},
    "filter": {"type": "str", "description": "Filter on attributes. It cannot be changed later."},
    "expiration_ttl": {
        "type": "str",
        "default": "never",
        "description": "After how long without a subscriber the subscription is deleted.",
    },
    "dead_letter_topic": {"type": "str", "description": "Topic for messages that could not be delivered."},
    "max_delivery_attempts": {
        "type": "int",
        "description": "Deliveries after which a message goes to O(pubsub_subscriptions[].dead_letter_topic).",
    },
    "labels": {"type": "dict", "description": "Labels of this subscription, beside O(pubsub_labels)."},
}

VARIABLES: tuple[Variable, ...] = (
    Variable("pubsub_labels", "Labels of topics and subscriptions, merged with those that they have.", "dict", default={}),
    Variable(
        "pubsub_message_retention_duration",
        "How long the topics of changes keep messages for replay, for example V(7d). What a topic has is left alone by default.",
    ),
    Variable(
        "pubsub_subscriptions",
        "Subscriptions to create, with the options of cdc.gcp.pubsub_subscription.",
        "list",
        default=[],
        elements="dict",
        options=SUBSCRIPTION,
    ),
)
