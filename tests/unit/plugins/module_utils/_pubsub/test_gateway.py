# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway to Pub/Sub: what is tried again and for how long, TLS, log-in, and what a person reads when it gives up."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
import socket
import time
import typing as t
from concurrent import futures

import google.oauth2.credentials
import grpc
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import auth
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import LoginError
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import GcpOptions, argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PubSub, PubSubError
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput
from ansible_collections.cdc.gcp.tests.unit.plugins.conftest import PubSubServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

GET = ("GetTopic", {"topic": "projects/demo/topics/abc"})


def gateway(endpoint: str, clock: t.Any = None, **options: t.Any) -> PubSub:
    params = {name: spec.get("default") for name, spec in argument_spec().items()}
    return PubSub(GcpOptions.from_params({**params, "project": "demo", "pubsub_endpoint": endpoint, **options}), clock)


def get(server: PubSub) -> t.Any:
    return server.call("Reading topic abc", "pubsub.topics.get", "publisher", "get_topic", GET[1])


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "UNKNOWN"])
def test_a_passing_error_is_tried_again(pubsub: t.Any, clock: t.Any, code: str) -> None:
    pubsub.expect(*GET, status=grpc.StatusCode[code]).expect(*GET, {"name": "abc"})
    assert get(gateway(f"http://{pubsub.address}", clock)).name == "abc"
    assert len(clock.slept) == 1


@pytest.mark.parametrize("code", ["NOT_FOUND", "PERMISSION_DENIED", "ABORTED", "ALREADY_EXISTS", "UNIMPLEMENTED", "INVALID_ARGUMENT"])
def test_a_final_error_is_not_tried_again(pubsub: t.Any, clock: t.Any, code: str) -> None:
    pubsub.expect(*GET, status=grpc.StatusCode[code], text="because")
    with pytest.raises(PubSubError) as caught:
        get(gateway(f"http://{pubsub.address}", clock))
    assert (caught.value.code, caught.value.server_message) == (code, "because")


def test_a_project_that_is_not_ready_is_tried_again(pubsub: t.Any, clock: t.Any) -> None:
    pubsub.expect(*GET, status=grpc.StatusCode.INVALID_ARGUMENT, text="Not ready, retry this operation").expect(*GET)
    get(gateway(f"http://{pubsub.address}", clock))


def test_a_server_that_is_not_there_fails_within_the_budget_and_names_the_option() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        start = time.monotonic()
        with pytest.raises(PubSubError, match=r"no answer from http://127\.0\.0\.1:\d+ .*Check the network and pubsub_endpoint\."):
            get(gateway(f"http://127.0.0.1:{reserved.getsockname()[1]}", retry_timeout=2))
        assert time.monotonic() - start < 4


def test_a_server_that_never_answers_fails_within_the_budget() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        with pytest.raises(PubSubError, match="pubsub_endpoint"):
            get(gateway(f"http://127.0.0.1:{silent.getsockname()[1]}", request_timeout=1, retry_timeout=2))
        assert time.monotonic() - start < 4


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, grpc.ServerCredentials]:
    """A self-signed certificate for 127.0.0.1: its file, and what a server needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pubsub")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    path.write_bytes(pem)
    return path, grpc.ssl_server_credentials([(private, pem)])


def test_tls_to_an_address_with_an_own_certificate_and_a_token(certificate: t.Any) -> None:
    path, credentials = certificate
    server = PubSubServer(credentials)
    server.expect(*GET, {"name": "abc"})
    get(gateway(f"https://{server.address}", ca_certificate_file=str(path), auth_kind="accesstoken", access_token="token-1"))
    server.close()
    assert server.metadata[0]["authorization"] == "Bearer token-1"


def test_an_untrusted_certificate_fails_at_once(certificate: t.Any) -> None:
    server = PubSubServer(certificate[1])
    start = time.monotonic()
    with pytest.raises(PubSubError, match="no TLS connection .* Check pubsub_endpoint and ca_certificate_file"):
        get(gateway(f"https://{server.address}", auth_kind="accesstoken", access_token="token-1"))
    server.close()
    assert time.monotonic() - start < 4


def test_a_token_that_cannot_be_had_is_a_login_error(certificate: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path, credentials = certificate
    server = PubSubServer(credentials)
    login = {"auth_kind": "accesstoken", "access_token": "token-1", "ca_certificate_file": str(path), "retry_timeout": 5}
    target = gateway(f"https://{server.address}", **login)
    monkeypatch.setattr(auth, "credentials", lambda options: google.oauth2.credentials.Credentials(None, refresh_token=None))
    with pytest.raises(LoginError, match="Reading topic abc: cannot log in to Google Cloud: .*refresh"):
        get(target)
    server.close()


def test_a_key_file_that_is_not_there_is_a_login_error(certificate: t.Any, tmp_path: pathlib.Path) -> None:
    server = PubSubServer(certificate[1])
    with pytest.raises(LoginError, match="Cannot log in"):
        get(gateway(f"https://{server.address}", auth_kind="serviceaccount", service_account_file=str(tmp_path / "none.json")))
    server.close()


def test_a_file_of_certificates_that_is_not_there_is_the_users_mistake(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidInput, match="ca_certificate_file"):
        get(gateway("https://127.0.0.1:1", ca_certificate_file=str(tmp_path / "no.pem"), auth_kind="accesstoken", access_token="x"))


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> list[t.Any]:
    """The channels that were opened, in order."""
    opened: list[t.Any] = []
    real = grpc.insecure_channel

    def insecure_channel(*args: t.Any, **rest: t.Any) -> t.Any:
        opened.append(real(*args, **rest))
        return opened[-1]

    monkeypatch.setattr(grpc, "insecure_channel", insecure_channel)
    return opened


SUBSCRIPTION = {"subscription": "projects/demo/subscriptions/abc"}
POLICY = {"resource": "projects/demo/topics/abc"}


def test_a_with_block_keeps_one_channel_for_all_services(pubsub: t.Any, channels: list[t.Any]) -> None:
    pubsub.expect(*GET).expect("GetSubscription", SUBSCRIPTION).expect("GetIamPolicy", POLICY).expect(*GET)
    with gateway(f"http://{pubsub.address}") as server:
        assert channels == [], "nothing is opened before the first call"
        get(server)
        server.call("Reading abc", "p", "subscriber", "get_subscription", SUBSCRIPTION)
        server.call("Reading abc", "p", "publisher", "get_iam_policy", POLICY)
        get(server)
    assert len(channels) == 1
    with pytest.raises(ValueError, match="closed"):
        channels[0].unary_unary("/x/y")(b"")


def test_without_a_with_block_each_call_has_its_own_channel(pubsub: t.Any, channels: list[t.Any]) -> None:
    pubsub.expect(*GET).expect(*GET)
    server = gateway(f"http://{pubsub.address}")
    get(server)
    get(server)
    assert len(channels) == 2


def test_threads_share_the_channel(pubsub: t.Any, channels: list[t.Any]) -> None:
    for _ in range(8):
        pubsub.expect(*GET)
    with gateway(f"http://{pubsub.address}") as server, futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: get(server), range(8)))
    assert len(channels) == 1
