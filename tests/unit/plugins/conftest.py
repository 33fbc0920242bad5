# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are lists of expectations: one for the REST APIs, one for Pub/Sub that speaks real gRPC on this machine."""

from __future__ import annotations

import typing as t
from concurrent import futures
from dataclasses import dataclass

import grpc
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import client
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2, json_format
from google.pubsub_v1 import types

PUBLISHER = {
    "GetTopic": (types.GetTopicRequest, types.Topic),
    "CreateTopic": (types.Topic, types.Topic),
    "UpdateTopic": (types.UpdateTopicRequest, types.Topic),
    "DeleteTopic": (types.DeleteTopicRequest, empty_pb2.Empty),
    "ListTopicSubscriptions": (types.ListTopicSubscriptionsRequest, types.ListTopicSubscriptionsResponse),
}
SUBSCRIBER = {
    "GetSubscription": (types.GetSubscriptionRequest, types.Subscription),
    "CreateSubscription": (types.Subscription, types.Subscription),
    "UpdateSubscription": (types.UpdateSubscriptionRequest, types.Subscription),
    "DeleteSubscription": (types.DeleteSubscriptionRequest, empty_pb2.Empty),
    "Pull": (types.PullRequest, types.PullResponse),
    "Acknowledge": (types.AcknowledgeRequest, empty_pb2.Empty),
}
IAM = {
    "GetIamPolicy": (iam_policy_pb2.GetIamPolicyRequest, policy_pb2.Policy),
    "SetIamPolicy": (iam_policy_pb2.SetIamPolicyRequest, policy_pb2.Policy),
}


@pytest.fixture
def rest(session: t.Any, clock: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """The fake session, used by every gateway for REST that a module makes; its sleeping takes no time."""
    monkeypatch.setattr(client.Client, "_open", lambda self: session)
    monkeypatch.setattr(client, "Clock", lambda: clock)
    return session


@dataclass
class ExpectedCall:
    """One call that must come next, and its answer: a message as JSON, or a status with a text."""

    method: str
    request: dict[str, t.Any]
    answer: dict[str, t.Any]
    status: grpc.StatusCode | None
    text: str


class PubSubServer(grpc.GenericRpcHandler):
    """Stands where Pub/Sub stands, and asserts each call of a run, in order.  address: "127.0.0.1:PORT"."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.expected: list[ExpectedCall] = []
        self.wrong: list[str] = []
        self.metadata: list[dict[str, str]] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[self])
        port = self._server.add_secure_port("127.0.0.1:0", credentials) if credentials else self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def expect(
        self,
        method: str,
        request: dict[str, t.Any],
        answer: dict[str, t.Any] | None = None,
        status: grpc.StatusCode | None = None,
        text: str = "no",
    ) -> PubSubServer:
        """The next call: method and its request as JSON with the API's field names; then the answer, or status and text."""
        self.expected.append(ExpectedCall(method, request, answer or {}, status, text))
        return self

    def service(self, handler_call_details: t.Any) -> t.Any:
        service, method = handler_call_details.method.strip("/").split("/")
        table = {"google.pubsub.v1.Publisher": PUBLISHER, "google.pubsub.v1.Subscriber": SUBSCRIBER, "google.iam.v1.IAMPolicy": IAM}
        kinds = table[service][method]
        request_kind, answer_kind = (kind.pb() if hasattr(kind, "pb") else kind for kind in kinds)

        def handle(request: t.Any, context: t.Any) -> t.Any:
            self.metadata.append({key: value for key, value in context.invocation_metadata() if isinstance(value, str)})
            found = (method, json_format.MessageToDict(request))
            expected = self.expected.pop(0) if self.expected else None
            if expected is None or found != (expected.method, expected.request):
                self.wrong.append(f"{found} came, expected was {expected}")
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, self.wrong[-1])
            if expected.status is not None:
                context.abort(expected.status, expected.text)
            return json_format.ParseDict(expected.answer, answer_kind())

        return grpc.unary_unary_rpc_method_handler(handle, request_kind.FromString, answer_kind.SerializeToString)

    def close(self) -> None:
        """Stop, and assert that exactly the expected calls came."""
        self._server.stop(None).wait()
        assert not self.wrong, self.wrong
        assert not self.expected, f"calls that never came: {self.expected}"


@pytest.fixture
def pubsub() -> t.Iterator[PubSubServer]:
    """A Pub/Sub server without TLS; at the end every expected call must have come."""
    server = PubSubServer()
    yield server
    server.close()
