# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's own Pub/Sub emulator as a second broker: the same playbook, the same pod, a server that Google wrote."""

from __future__ import annotations

import json
import socket
import subprocess
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
import requests
from google.cloud import pubsub_v1
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from ..gcloud import emulator_program
from ..world import World, until

pytestmark = pytest.mark.timeout(600)

NAME = "emulator-demo"


def free_port(address: str) -> int:
    """A port of this address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    """Whether the emulator answers its health check."""
    try:
        return requests.get(f"http://{address}/", timeout=2).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def emulator(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of an emulator on the node's address, where pods reach it."""
    program = emulator_program()
    host = world.settings.node_address
    port = free_port(host)
    log: Path = tmp_path_factory.mktemp("emulator") / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [str(program), f"--host={host}", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            until(lambda: process.poll() is not None or answers(f"{host}:{port}"), 60, "the emulator answers")
            assert process.poll() is None, log.read_text()
            yield f"{host}:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def variables(world: World, emulator: str, stops_at_the_end: Callable[[str], None]) -> dict[str, t.Any]:
    """The pipeline on the emulator, which has no IAM: no grants on topics, the rest as ever.  Its pod goes before its broker does."""
    stops_at_the_end(NAME)
    google = f"{world.settings.google_endpoint}/"
    options = dict.fromkeys(("sql_endpoint", "iam_endpoint", "resource_manager_endpoint", "service_networking_endpoint"), google)
    return {
        "cdc_name": NAME,
        "cdc_namespace": NAME,
        "cdc_gcp_options": {**options, "pubsub_endpoint": f"http://{emulator}/"},
        "debezium_k8s_sink_address": emulator,
        "debezium_k8s_resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
        "pubsub_subscriptions": [{"name": f"{NAME}-reader"}],
        "iam_topic_roles": [],
    }


def test_the_same_pipeline_on_googles_emulator(world: World, emulator: str, variables: dict[str, t.Any]) -> None:
    world.site("--tags", "cloudsql", variables=variables)
    world.create_table(NAME)
    world.site(variables=variables)
    world.insert(NAME, "first", "second")
    with world.application(NAME) as connection:
        connection.execute("UPDATE public.mytable SET name = 'third' WHERE name = 'first'")

    subscription = f"projects/{world.settings.project}/subscriptions/{NAME}-reader"
    rows: list[tuple[str, str, str]] = []
    with grpc.insecure_channel(emulator) as channel:
        subscriber = pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))

        def arrived() -> bool:
            answer = subscriber.pull(subscription=subscription, max_messages=100, timeout=30)
            if answer.received_messages:
                subscriber.acknowledge(subscription=subscription, ack_ids=[message.ack_id for message in answer.received_messages])
            for message in (received.message for received in answer.received_messages):
                event = json.loads(message.data)
                rows.append((message.ordering_key, event["op"], event["after"]["name"]))
            return len(rows) >= 3

        until(arrived, 90, "three events at the emulator")
    one, two = ('{"id":1}', '{"id":2}')
    assert sorted(rows) == [(one, "c", "first"), (one, "u", "third"), (two, "c", "second")]
    assert [row[1:] for row in rows if row[0] == one] == [("c", "first"), ("u", "third")], "changes of one row arrive in their order"
    assert world.pubsub("GET", f"topics/{NAME}.changes").status_code == 404, "the sandbox's own broker knows nothing of it"
    assert world.site(variables=variables).recap["changed"] == 0
