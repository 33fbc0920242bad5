# SPDX-License-Identifier: GPL-3.0-or-later
"""Checked with google-cloud-pubsub and psycopg: they use what site.yml made, and site.yml takes over what they made."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import google.auth.transport.grpc
import google.auth.transport.requests
import grpc
import psycopg
import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.oauth2.service_account import Credentials
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.publisher.transports.rest import PublisherRestTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.services.subscriber.transports.rest import SubscriberRestTransport

from ..world import PASSWORDS, World

pytestmark = pytest.mark.timeout(300)

PROJECT = "projects/demo-project"
ORDERED = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)


class PubSubClients(t.NamedTuple):
    """Google's own clients of Pub/Sub's TLS endpoint, as the project's owner.  publish: sends messages to a topic, in their order."""

    publisher: PublisherClient
    subscriber: SubscriberClient
    publish: Callable[[str, list[PubsubMessage]], None]


@contextmanager
def over_grpc(world: World, credentials: Credentials) -> Iterator[PubSubClients]:
    """gRPC; google-auth signs each call's token itself, as Google's clients do by default."""
    plugin = google.auth.transport.grpc.AuthMetadataPlugin(
        credentials.with_always_use_jwt_access(True), google.auth.transport.requests.Request(), default_host="pubsub.googleapis.com"
    )
    certificate = grpc.ssl_channel_credentials((world.settings.pki / "ca.crt").read_bytes())
    both = grpc.composite_channel_credentials(certificate, grpc.metadata_call_credentials(plugin))
    with grpc.secure_channel(world.settings.pubsub_tls_endpoint, both) as channel:
        batching = pubsub_v1.PublisherClient(transport=PublisherGrpcTransport(channel=channel), publisher_options=ORDERED)

        def publish(topic: str, messages: list[PubsubMessage]) -> None:
            futures = [batching.publish(topic, message.data, ordering_key=message.ordering_key) for message in messages]
            assert len({future.result(30) for future in futures}) == len(messages), "each message has an id of its own"

        yield PubSubClients(batching, SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)), publish)


@contextmanager
def over_rest(world: World, credentials: Credentials) -> Iterator[PubSubClients]:
    """REST, with an access token from the stand-in's token endpoint.

    It publishes by the API's own method: with ordering, the batching client sets a time limit of 2**32 seconds, which is none over gRPC,
    but which `requests` takes for zero.
    """
    endpoint = world.settings.pubsub_tls_endpoint
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(world.settings.pki / "ca.crt"))
        publisher = PublisherClient(transport=PublisherRestTransport(host=endpoint, credentials=credentials))

        def publish(topic: str, messages: list[PubsubMessage]) -> None:
            ids = publisher.publish(topic=topic, messages=messages, timeout=30).message_ids
            assert len(set(ids)) == len(messages), "each message has an id of its own"

        yield PubSubClients(publisher, SubscriberClient(transport=SubscriberRestTransport(host=endpoint, credentials=credentials)), publish)


@pytest.fixture(params=[over_grpc, over_rest], ids=["grpc", "rest"])
def pubsub(request: pytest.FixtureRequest, world: World) -> Iterator[PubSubClients]:
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = Credentials.from_service_account_file(str(world.settings.owner_key), scopes=scopes)
    with request.param(world, credentials) as clients:
        yield clients


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """Name of the test's transport, for resources of its own."""
    return str(request.node.callspec.id)


def publish_and_pull(clients: PubSubClients, topic: str, subscription: str) -> list[tuple[str, str]]:
    """Publish ten messages under two ordering keys, pull and acknowledge them all; (key, data) in the order of their arrival."""
    clients.publish(topic, [PubsubMessage(data=str(number).encode(), ordering_key=f"row {number % 2}") for number in range(10)])
    arrived: list[tuple[str, str]] = []
    while len(arrived) < 10:
        answer = clients.subscriber.pull(subscription=subscription, max_messages=100, timeout=30)
        clients.subscriber.acknowledge(subscription=subscription, ack_ids=[message.ack_id for message in answer.received_messages])
        arrived += [(message.message.ordering_key, message.message.data.decode()) for message in answer.received_messages]
    return arrived


def assert_ordered(arrived: list[tuple[str, str]]) -> None:
    """Within each key, in the order of publishing."""
    for key in (0, 1):
        assert [data for row, data in arrived if row == f"row {key}"] == [str(number) for number in range(key, 10, 2)]


def test_pubsub_client_makes_labelled_topics_that_site_adopts(world: World, pubsub: PubSubClients, way: str) -> None:
    name = f"client-{way}"
    changes, heartbeat, reader = f"{PROJECT}/topics/{name}.changes", f"{PROJECT}/topics/{name}-heartbeat", f"{name}-reader"
    for topic in (changes, heartbeat):
        assert dict(pubsub.publisher.create_topic(request={"name": topic, "labels": {"team": "data"}}).labels) == {"team": "data"}
    with pytest.raises((exceptions.AlreadyExists, exceptions.Conflict), match="Resource already exists in the project"):
        pubsub.publisher.create_topic(name=changes)
    subscription = f"{PROJECT}/subscriptions/{reader}"
    wanted = {"name": subscription, "topic": changes, "enable_message_ordering": True, "expiration_policy": {}, "labels": {"team": "data"}}
    pubsub.subscriber.create_subscription(request=wanted)
    assert_ordered(publish_and_pull(pubsub, changes, subscription))
    variables = {"cdc_name": name, "pubsub_labels": {"team": "data"}, "pubsub_subscriptions": [{"name": reader}]}
    assert world.site("--tags", "pubsub", variables=variables).changed() == []


def test_pubsub_client_reads_in_order_what_it_published_to_topics_that_site_made(site_made: str, pubsub: PubSubClients) -> None:
    topic, subscription = f"{PROJECT}/topics/{site_made}.changes", f"{PROJECT}/subscriptions/{site_made}-reader"
    assert dict(pubsub.publisher.get_topic(topic=topic).labels) == {"team": "data"}
    seen = pubsub.subscriber.get_subscription(subscription=subscription)
    assert (seen.topic, seen.enable_message_ordering, dict(seen.labels)) == (topic, True, {"team": "data"})
    assert_ordered(publish_and_pull(pubsub, topic, subscription))


def application(world: World, name: str, ca: Path, mode: str) -> psycopg.Connection:
    """The application's connection to a pipeline's database.  mode: libpq's sslmode."""
    return psycopg.connect(
        host=world.instance_address(name),
        dbname=name,
        user=name,
        password=PASSWORDS["CDC_USER_PASSWORD"],
        sslmode=mode,
        sslrootcert=str(ca),
        connect_timeout=10,
    )


def test_psycopg_trusts_the_instances_ca_and_verify_full_fails_as_on_cloud_sql(world: World, site_made: str, tmp_path: Path) -> None:
    url = f"{world.settings.google_endpoint}/sql/v1beta4/{PROJECT}/instances/{site_made}-sql/connectSettings"
    ca = tmp_path / "server-ca.pem"
    ca.write_text(world.google().get(url).json()["serverCaCert"]["cert"])
    with application(world, site_made, ca, "verify-ca") as connection:
        row = connection.execute("SELECT ssl, current_user FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row == (True, site_made)
    address = world.instance_address(site_made).replace(".", r"\.")
    named = rf'server certificate for "demo-project:{site_made}-sql" (\(and .*\) )?does not match host name "{address}"'
    with pytest.raises(psycopg.OperationalError, match=named):
        application(world, site_made, ca, "verify-full")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        application(world, site_made, world.settings.pki / "ca.crt", "verify-ca")
