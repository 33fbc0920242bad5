# SPDX-License-Identifier: GPL-3.0-or-later
"""100,000 rows arrive whole: inserted in one transaction, and read by an initial snapshot.

`make e2e` does it once, which takes about two minutes; `make load` does it five times in a row on one pipeline.
"""

from __future__ import annotations

import json
import os
import time
import typing as t
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from ..world import World

pytestmark = pytest.mark.timeout(900)

NAME = "load-demo"
ROWS = 100_000
REPETITIONS = int(os.environ.get("CDC_LOAD_REPETITIONS", "1"))
SECONDS = 240.0
"""How long 100,000 events may take.  With both cores to themselves they need about 30 s."""


class Reader:
    """A subscription of the test's own, without ordering, read by unary pull through Pub/Sub's plain endpoint."""

    def __init__(self, world: World, name: str, topic: str) -> None:
        self._channel = grpc.insecure_channel(world.settings.pubsub_plain_endpoint, options=[("grpc.max_receive_message_length", -1)])
        self._client = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))
        self._name = f"projects/{world.settings.project}/subscriptions/{name}"
        self._client.create_subscription(name=self._name, topic=f"projects/{world.settings.project}/topics/{topic}", timeout=10)

    def close(self) -> None:
        self._channel.close()

    def ids(self, operation: str, connector: str, wanted: int) -> set[int]:
        """The distinct ids of the events of one operation and one connector, once there are `wanted` of them."""
        found: set[int] = set()
        deadline = time.monotonic() + SECONDS
        while len(found) < wanted:
            assert time.monotonic() < deadline, f"{len(found)} of {wanted} rows arrived within {SECONDS:.0f} s"
            answer = self._client.pull(subscription=self._name, max_messages=5000, timeout=30)
            events = [json.loads(received.message.data) for received in answer.received_messages]
            found.update(event["after"]["id"] for event in events if (event["op"], event["source"]["name"]) == (operation, connector))
            if events:
                self._client.acknowledge(
                    subscription=self._name, ack_ids=[received.ack_id for received in answer.received_messages], timeout=30
                )
        return found


def connector(number: int) -> dict[str, t.Any]:
    """Variables of the pipeline with a new connector: a prefix, slot and offset table of its own, so it begins with a snapshot."""
    return {
        "cdc_name": NAME,
        "cdc_topic_prefix": f"load-{number}",
        "cdc_slot_name": f"load_{number}",
        "cdc_offset_table": f"offsets_load_{number}",
        "cdc_recovery": "resnapshot",
    }


@pytest.fixture(scope="module")
def reader(world: World, stops_at_the_end: Callable[[str], None]) -> Iterator[Reader]:
    """The events of a pipeline with an empty table."""
    stops_at_the_end(NAME)
    world.site(variables=connector(0))
    with world.application(NAME) as connection:
        connection.execute("CREATE TABLE public.mytable (id bigint PRIMARY KEY, name text NOT NULL)")
    world.site(variables=connector(0))
    made = Reader(world, "e2e-load", f"{NAME}.changes")
    yield made
    made.close()


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_a_bulk_insert_and_a_snapshot_arrive_whole(world: World, reader: Reader, number: int) -> None:
    first = number * ROWS
    wanted = set(range(first, first + ROWS))
    with world.application(NAME) as connection:
        connection.execute("TRUNCATE public.mytable")
        started = time.monotonic()
        connection.execute(
            "INSERT INTO public.mytable SELECT id, 'row ' || id FROM generate_series(%s::bigint, %s) AS id", [first, first + ROWS - 1]
        )
    assert reader.ids("c", f"load-{number}", ROWS) == wanted
    inserted = time.monotonic() - started

    world.site(variables=connector(number + 1))
    started = time.monotonic()
    assert reader.ids("r", f"load-{number + 1}", ROWS) == wanted
    read = time.monotonic() - started
    print(f"{ROWS} rows inserted: {inserted:.0f} s until all had arrived; {ROWS} rows of a snapshot: {read:.0f} s after site.yml had ended")
