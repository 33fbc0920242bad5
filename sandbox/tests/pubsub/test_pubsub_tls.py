"""The TLS endpoint: it stands for pubsub.googleapis.com and lets nobody in without a good token."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import grpc
import pytest
import requests
from conftest import PubSub
from google.api_core import exceptions
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

OWNER = "serviceAccount:owner@demo"
SENDER = "serviceAccount:sender@demo"


def client(pubsub: PubSub, ca: Path, token: str | None) -> PublisherClient:
    """A client that checks the certificate against Google's host name."""
    credentials = grpc.ssl_channel_credentials(ca.read_bytes())
    if token is not None:
        credentials = grpc.composite_channel_credentials(credentials, grpc.access_token_call_credentials(token))
    options = [("grpc.ssl_target_name_override", "europe-west1-pubsub.googleapis.com")]
    channel = grpc.secure_channel(pubsub.settings.pubsub_tls_endpoint, credentials, options)
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))


def test_no_token_and_a_bad_token_are_refused(pubsub: PubSub, ca: Path, topic: str) -> None:
    with pytest.raises(exceptions.Unauthenticated, match="Request is missing required authentication credential"):
        client(pubsub, ca, None).get_topic(topic=topic)
    with pytest.raises(exceptions.Unauthenticated, match="Request had invalid authentication credentials"):
        client(pubsub, ca, "forged").get_topic(topic=topic)


def test_publisher_needs_a_binding(pubsub: PubSub, ca: Path, topic: str) -> None:
    owner, sender = client(pubsub, ca, OWNER), client(pubsub, ca, SENDER)
    owner.create_topic(name=topic)
    with pytest.raises(exceptions.PermissionDenied, match="User not authorized to perform this action."):
        sender.publish(topic=topic, messages=[PubsubMessage(data=b"x")])
    policy = owner.get_iam_policy(request={"resource": topic})
    policy.bindings.add(role="roles/pubsub.publisher", members=[SENDER])
    owner.set_iam_policy(request={"resource": topic, "policy": policy})
    assert len(sender.publish(topic=topic, messages=[PubsubMessage(data=b"x")]).message_ids) == 1


def test_strict_verification_accepts_the_certificate(pubsub: PubSub, ca: Path) -> None:
    """What Python 3.13 does by default."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection((pubsub.settings.node_address, pubsub.settings.pubsub_tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="pubsub.googleapis.com") as wrapped,
    ):
        assert wrapped.version() == "TLSv1.3"


def test_rest_over_tls(pubsub: PubSub, ca: Path, topic: str) -> None:
    url = f"https://{pubsub.settings.pubsub_tls_endpoint}/v1/{topic}"
    refused = requests.put(url, json={}, verify=str(ca), timeout=10)
    assert (refused.status_code, refused.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    denied = requests.put(url, json={}, headers={"Authorization": f"Bearer {SENDER}"}, verify=str(ca), timeout=10)
    assert (denied.status_code, denied.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    made = requests.put(url, json={}, headers={"Authorization": f"Bearer {OWNER}"}, verify=str(ca), timeout=10)
    assert made.json() == {"name": topic}
