# SPDX-License-Identifier: GPL-3.0-or-later
"""The consumer: subscriptions of its own, read by unary pull through Pub/Sub's plain endpoint, for as long as the program runs."""

from __future__ import annotations

import json
import threading
import time

import grpc
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.e2e.world import World

from .ledger import Events

PULL_SECONDS = 10.0
RETRY_SECONDS = 0.02
"""A topic that is made again must have its subscription before its publisher has a grant."""


class Reader:
    """Gathers the events of one topic.  An answer of Pub/Sub that got lost is delivered again under the same message id."""

    def __init__(self, world: World, topic: str) -> None:
        self._channel = grpc.insecure_channel(world.settings.pubsub_plain_endpoint, options=[("grpc.max_receive_message_length", -1)])
        self._client = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))
        self._project, self._topic = f"projects/{world.settings.project}", topic
        self._closed = threading.Event()
        self._subscriptions = 0
        self._lock = threading.Lock()
        self.events = Events()

    def subscribe(self, seconds: float) -> None:
        """Subscribe as soon as the topic is there, and read; what is left in earlier subscriptions is read as well."""
        name = f"{self._project}/subscriptions/recovery-{self._subscriptions}"
        self._subscriptions += 1
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._client.create_subscription(name=name, topic=f"{self._project}/topics/{self._topic}", timeout=10)
                break
            except NotFound:
                assert time.monotonic() < deadline, f"topic {self._topic} is not there within {seconds:.0f} s"
                self._closed.wait(RETRY_SECONDS)
        threading.Thread(target=self._read, args=[name], daemon=True).start()

    def _read(self, subscription: str) -> None:
        while not self._closed.is_set():
            try:
                answer = self._client.pull(subscription=subscription, max_messages=5000, timeout=PULL_SECONDS, retry=None)
                at = time.monotonic()
                with self._lock:
                    for received in answer.received_messages:
                        self.events.add(received.message.message_id, json.loads(received.message.data), at)
                acknowledgements = [received.ack_id for received in answer.received_messages]
                if acknowledgements:
                    self._client.acknowledge(subscription=subscription, ack_ids=acknowledgements, timeout=PULL_SECONDS, retry=None)
            except (GoogleAPICallError, ValueError):  # ValueError: the channel was closed
                self._closed.wait(RETRY_SECONDS)

    def close(self) -> None:
        self._closed.set()
        self._channel.close()
