"""REST on the plain endpoint, as the collection's modules use it."""

from __future__ import annotations

import requests
from conftest import PubSub
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports.rest import PublisherRestTransport


def test_life_of_a_topic(pubsub: PubSub, topic: str) -> None:
    url = f"{pubsub.rest}/{topic}"
    missing = requests.get(url, timeout=10)
    short = topic.rsplit("/", 1)[1]
    assert missing.json() == {"error": {"code": 404, "message": f"Resource not found (resource={short}).", "status": "NOT_FOUND"}}
    assert requests.put(url, json={"labels": {"env": "test"}}, timeout=10).json() == {"name": topic, "labels": {"env": "test"}}
    again = requests.put(url, json={}, timeout=10)
    assert (again.status_code, again.json()["error"]["status"]) == (409, "ALREADY_EXISTS")
    patched = requests.patch(url, json={"topic": {"labels": {"a": "b"}}, "updateMask": "labels,messageRetentionDuration"}, timeout=10)
    assert patched.json() == {"name": topic, "labels": {"a": "b"}}
    assert requests.delete(url, timeout=10).json() == {}
    assert requests.get(url, timeout=10).status_code == 404


def test_policy(pubsub: PubSub, topic: str) -> None:
    url = f"{pubsub.rest}/{topic}"
    requests.put(url, json={}, timeout=10).raise_for_status()
    condition = {"title": "soon", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
    binding = {"role": "roles/pubsub.publisher", "members": ["allUsers"], "condition": condition}
    stored = requests.post(f"{url}:setIamPolicy", json={"policy": {"version": 3, "bindings": [binding]}}, timeout=10).json()
    assert stored["version"] == 3
    read = requests.get(f"{url}:getIamPolicy", params={"options.requestedPolicyVersion": 3}, timeout=10).json()
    assert read == {"version": 3, "etag": stored["etag"], "bindings": [binding]}
    old = requests.get(f"{url}:getIamPolicy", timeout=10).json()
    assert old["version"] == 1
    assert "condition" not in old["bindings"][0]
    stale = requests.post(f"{url}:setIamPolicy", json={"policy": {"etag": "ACAB"}}, timeout=10)
    assert (stale.status_code, stale.json()["error"]["status"]) == (409, "ABORTED")


def test_googles_rest_transport_understands_the_answers(pubsub: PubSub, topic: str) -> None:
    transport = PublisherRestTransport(host=pubsub.settings.pubsub_plain_endpoint, url_scheme="http", credentials=AnonymousCredentials())
    client = PublisherClient(transport=transport)
    client.create_topic(request={"name": topic, "labels": {"env": "test"}})
    assert dict(client.get_topic(topic=topic).labels) == {"env": "test"}
    client.delete_topic(topic=topic)


def test_request_log_names_what_was_asked(pubsub: PubSub, topic: str) -> None:
    log = f"http://{pubsub.settings.pubsub_plain_endpoint}/_sandbox/requests"
    assert requests.delete(log, timeout=10).json() == {"requests": []}
    requests.get(f"{pubsub.rest}/{topic}", timeout=10)
    (entry,) = requests.get(log, timeout=10).json()["requests"]
    assert (entry["method"], entry["resource"], entry["code"]) == ("/google.pubsub.v1.Publisher/GetTopic", topic, "NOT_FOUND")
