"""A conversation that was recorded at Google's, held again with the server: each answer has the same fields and values.

basic/pubsub/v1beta1/pubsubsubscription/pubsubsubscription-push at 40bdc8db6f.
"""

from __future__ import annotations

from typing import Any

import requests
from conftest import PubSub
from recorded import same


def hold(method: str, url: str, body: dict[str, Any] | None, status: int, recorded: Any, *left_out: str) -> None:
    """Send one request and compare its answer."""
    same(requests.request(method, url, json=body, timeout=10), status, recorded, left_out)


def not_found(name: str) -> dict[str, Any]:
    short = name.rsplit("/", 1)[1]
    return {"error": {"code": 404, "message": f"Resource not found (resource={short}).", "status": "NOT_FOUND"}}


def test_topic_and_subscription(pubsub: PubSub, topic: str) -> None:
    topic_url = f"{pubsub.rest}/{topic}"
    labels = {"cnrm-test": "true", "managed-by-cnrm": "true"}
    hold("GET", topic_url, None, 404, not_found(topic))
    hold("PUT", topic_url, {"labels": labels}, 200, {"labels": labels, "name": topic})
    hold("GET", topic_url, None, 200, {"labels": labels, "name": topic})

    name = topic.replace("/topics/", "/subscriptions/")
    url = f"{pubsub.rest}/{name}"
    endpoint = "https://example.com/push"
    reader = f"reader@{pubsub.settings.project}.iam.gserviceaccount.com"
    sent = {
        "ackDeadlineSeconds": 600,
        "deadLetterPolicy": {"deadLetterTopic": topic, "maxDeliveryAttempts": 100},
        "enableMessageOrdering": True,
        "expirationPolicy": {"ttl": "2592000s"},
        "filter": 'attributes.type = "key"',
        "labels": labels,
        "messageRetentionDuration": "604800s",
        "pushConfig": {
            "noWrapper": {"writeMetadata": True},
            "oidcToken": {"audience": endpoint, "serviceAccountEmail": reader},
            "pushEndpoint": endpoint,
        },
        "retainAckedMessages": True,
        "retryPolicy": {"maximumBackoff": "600s", "minimumBackoff": "10s"},
        "topic": topic,
    }
    # The answers to PUT and PATCH have x-goog-version among the attributes of pushConfig, the reads have no attributes at all.
    version = "pushConfig.attributes"
    subscription: dict[str, Any] = {**sent, "name": name, "state": "ACTIVE"}
    hold("GET", url, None, 404, not_found(name))
    answered = {**subscription, "pushConfig": {**sent["pushConfig"], "attributes": {"x-goog-version": "v1"}}}
    hold("PUT", url, sent, 200, answered, version)
    hold("GET", url, None, 200, subscription)

    changed: dict[str, Any] = {
        "ackDeadlineSeconds": 300,
        "deadLetterPolicy": {"deadLetterTopic": topic, "maxDeliveryAttempts": 50},
        "expirationPolicy": {"ttl": "1296000s"},
        "messageRetentionDuration": "302400s",
        "retryPolicy": {"maximumBackoff": "300s", "minimumBackoff": "5s"},
    }
    mask = "ackDeadlineSeconds,messageRetentionDuration,retainAckedMessages,expirationPolicy,deadLetterPolicy,retryPolicy"
    after = {**subscription, **changed}
    del after["retainAckedMessages"]  # in the mask and not in the body
    hold("PATCH", f"{url}?updateMask={mask}", {"subscription": {**changed, "labels": labels}}, 200, after)
    hold("GET", url, None, 200, after)
    hold("DELETE", url, None, 200, {})
    hold("DELETE", topic_url, None, 200, {})
