"""The built Pub/Sub server on free ports, with a fake identity service behind it."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import server
from cdc_sandbox.settings import Settings, load
from fake_identity import FakeIdentity
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport


@dataclass(frozen=True)
class PubSub:
    """A running server and Google's own clients of its plain endpoint."""

    settings: Settings
    identity: FakeIdentity
    publisher: PublisherClient
    subscriber: SubscriberClient

    @property
    def rest(self) -> str:
        """Address of the plain endpoint's REST API."""
        return f"http://{self.settings.pubsub_plain_endpoint}/v1"


@pytest.fixture(scope="session")
def pubsub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PubSub]:
    """One server for all tests; the program is built in the user's own cache, once."""
    identity = FakeIdentity()
    settings = Settings(
        state=tmp_path_factory.mktemp("pubsub") / "state",
        cache=load().cache,
        node_address="127.0.0.1",
        google_port=identity.port,
        pubsub_port=free_port(),
        pubsub_tls_port=free_port(),
    )
    server.up(settings, Progress())
    channel = grpc.insecure_channel(settings.pubsub_plain_endpoint)
    try:
        yield PubSub(
            settings,
            identity,
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
        )
    finally:
        channel.close()
        server.down(settings)
        identity.close()


_numbers = itertools.count()


@pytest.fixture
def topic(pubsub: PubSub) -> str:
    """Name of a topic of the test's own, which does not exist yet."""
    return f"projects/{pubsub.settings.project}/topics/topic-{next(_numbers)}"


@pytest.fixture(scope="session")
def ca(pubsub: PubSub) -> Path:
    """The certificate that signs the TLS endpoint's."""
    return pubsub.settings.pki / "ca.crt"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
