# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway to Pub/Sub: gRPC channel, log-in, deadlines, retries, and errors that a person understands.  PRIVATE to the collection.

The library's own policy is to try for ten silent minutes; here every call has a deadline and a budget of the user's.
A channel lives for one call, or as long as a `with` block: modules may run in forked processes, and gRPC does not survive a fork.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from .._gcp.auth import Login, LoginError
from .._gcp.client import CREDENTIALS_HINT, NO_MESSAGE, permission_hint
from .._gcp.options import GcpOptions
from .._reconcile.engine import Library
from .._reconcile.errors import InvalidInput, ReconcileError, full_stop
from .._reconcile.retry import Transient, retry
from .._reconcile.wait import Clock

try:
    import grpc
    from google.api_core import exceptions
    from google.api_core.gapic_v1.client_info import ClientInfo
    from google.auth.transport.grpc import AuthMetadataPlugin
    from google.pubsub_v1.services.publisher import PublisherClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
    from google.pubsub_v1.services.subscriber import SubscriberClient
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    _ERROR: ImportError | None = None
except ImportError as error:
    _ERROR = error

PUBSUB = Library("google-cloud-pubsub", _ERROR)

_NO_TOKEN = "Getting metadata from plugin failed with error: "  # gRPC's words for "google-auth got no token"

Service = t.Literal["publisher", "subscriber"]

_CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A kept channel tries to connect again this often; gRPC's own longest pause, two minutes, is more than the budget of a call.
    ("grpc.max_reconnect_backoff_ms", 5000),
)

RETRIED = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNKNOWN"})
"""Status codes after which the same request is sent again: the gRPC counterparts of the REST gateway's (429, 500, 503, 504)."""


class PubSubError(ReconcileError):
    """Pub/Sub refused, or did not answer.

    code: name of the gRPC status ("NOT_FOUND").  server_message: the server's own words.
    """

    def __init__(self, message: str, code: str, server_message: str) -> None:
        super().__init__(message, grpc_status=code)
        self.code = code
        self.server_message = server_message


class PubSub:
    """Calls to one Pub/Sub server with one log-in.  Usable from several threads at once.

    In a `with` block, one channel is opened at the first call, kept for all, and closed at the end; otherwise each call has its own.
    login: shared with other gateways, or None for one of its own.
    """

    def __init__(self, options: GcpOptions, clock: Clock | None = None, login: Login | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self.login = login or Login(options, self.clock)
        self._lock = threading.Lock()
        self._keeps = False
        self._kept: t.Any = None
        self._clients: dict[Service, t.Any] = {}

    def __enter__(self) -> t.Self:
        self._keeps = True
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            kept, self._kept, self._keeps = self._kept, None, False
            self._clients.clear()
        if kept is not None:
            kept.close()

    def call(self, attempt: str, permission: str, service: Service, method: str, request: Mapping[str, t.Any]) -> t.Any:
        """Call one method and give back its answer: a protobuf message, or the whole list that a paged method gives.

        attempt: what is being tried, for messages: "Reading topic shop.changes".
        permission: what the caller needs, for the message when it is missing: "pubsub.topics.get".
        method: name of the client's method, for example "get_topic".  It must be safe to repeat, as all administrative ones are.
        Raises PubSubError or LoginError.
        """

        def send(left: float) -> t.Any:
            if self._encrypted:
                # In this thread: gRPC would wait for the token within the deadline of the call.
                self.login.ensure_token(attempt)
            timeout = max(0.1, min(self.options.request_timeout, left))
            try:
                answer = getattr(client, method)(request=dict(request), retry=None, timeout=timeout)
                return list(answer) if hasattr(answer, "pages") else answer
            except exceptions.GoogleAPICallError as failure:
                error = self._translated(attempt, permission, failure)
                if _passes(error):
                    raise Transient(error) from failure
                raise error from failure

        with self._client(service) as client:
            return retry(send, self.options.retry_timeout, self.clock)

    @contextlib.contextmanager
    def _client(self, service: Service) -> Iterator[t.Any]:
        with self._lock:
            if self._keeps:
                if self._kept is None:
                    self._kept = self._channel()
                if service not in self._clients:
                    self._clients[service] = _client_of(service, self._kept)
                kept = self._clients[service]
            else:
                kept = None
        if kept is not None:
            yield kept
            return
        channel = self._channel()
        try:
            yield _client_of(service, channel)
        finally:
            channel.close()

    @property
    def _encrypted(self) -> bool:
        return urlsplit(self.options.endpoints["pubsub_endpoint"]).scheme == "https"

    def _channel(self) -> t.Any:
        address = urlsplit(self.options.endpoints["pubsub_endpoint"])
        target = address.netloc if address.port else f"{address.netloc}:{443 if self._encrypted else 80}"
        if not self._encrypted:
            return grpc.insecure_channel(target, _CHANNEL_OPTIONS)
        tls = grpc.ssl_channel_credentials(root_certificates=_certificates(self.options.ca_certificate_file))
        token = grpc.metadata_call_credentials(AuthMetadataPlugin(self.login.credentials, None))
        return grpc.secure_channel(target, grpc.composite_channel_credentials(tls, token), _CHANNEL_OPTIONS)

    def _translated(self, attempt: str, permission: str, failure: t.Any) -> ReconcileError:
        """A failure of the library as the one message that a person reads."""
        code = failure.grpc_status_code.name if failure.grpc_status_code else "UNKNOWN"
        said = failure.message or NO_MESSAGE
        endpoint = self.options.endpoints["pubsub_endpoint"]
        if said.startswith(_NO_TOKEN):
            return LoginError(f"{attempt}: cannot log in to Google Cloud: {said.removeprefix(_NO_TOKEN)}")
        if _is_tls(said):
            return PubSubError(
                f"{attempt}: no TLS connection to {endpoint} ({said}). Check pubsub_endpoint and ca_certificate_file.", code, said
            )
        if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            return PubSubError(f"{attempt}: no answer from {endpoint} ({said}). Check the network and pubsub_endpoint.", code, said)
        hint = {
            "PERMISSION_DENIED": permission_hint(permission, self.options.project),
            "UNAUTHENTICATED": CREDENTIALS_HINT,
            "UNIMPLEMENTED": "This server does not implement it; Google's emulator, for example, has no IAM.",
        }.get(code, "")
        return PubSubError(" ".join(filter(None, [f"{attempt} failed with {code}: {full_stop(said)}", hint])), code, said)


def _client_of(service: Service, channel: t.Any) -> t.Any:
    kinds: dict[Service, tuple[t.Any, t.Any]] = {
        "publisher": (PublisherClient, PublisherGrpcTransport),
        "subscriber": (SubscriberClient, SubscriberGrpcTransport),
    }
    client_kind, transport_kind = kinds[service]
    client_info = ClientInfo(user_agent="cdc.gcp")
    return client_kind(transport=transport_kind(channel=channel, client_info=client_info), client_info=client_info)


def _passes(error: ReconcileError) -> bool:
    """Whether the same call may succeed a little later.

    A project whose Pub/Sub was just enabled asks for a repetition in words (terraform-provider-google, PubsubTopicProjectNotReady).
    """
    if not isinstance(error, PubSubError) or _is_tls(error.server_message):
        return False
    return error.code in RETRIED or "retry this operation" in error.server_message


def _is_tls(said: str) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in said or "handshake" in said.lower()


def _certificates(path: str | None) -> bytes | None:
    """Contents of the file of trusted certificates; None means the library's own."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as failure:
        raise InvalidInput(f"ca_certificate_file {path} cannot be read: {failure.strerror}.") from failure
