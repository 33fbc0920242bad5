"""Every certificate of the sandbox passes the strict verification (RFC 5280) that Python 3.13 does by default, in a TLS handshake."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cdc_sandbox.kubernetes import pki
from cdc_sandbox.postgresql import tls as postgresql_tls
from cdc_sandbox.pubsub import tls as pubsub_tls
from cdc_sandbox.settings import Settings
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", cache=tmp_path / "cache")


def strict(context: ssl.SSLContext, authority: Path) -> ssl.SSLContext:
    """The context, such that it verifies the other side strictly."""
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host_name: str | None) -> None:
    """A TLS handshake and one byte over it; raises ssl.SSLError when the client does not trust the server."""

    def serve(end: socket.socket) -> None:
        with suppress(OSError), server.wrap_socket(end, server_side=True) as wrapped:
            wrapped.sendall(b"x")

    far, near = socket.socketpair()
    thread = threading.Thread(target=serve, args=(far,))
    thread.start()
    try:
        with near, client.wrap_socket(near, server_hostname=host_name) as wrapped:
            assert wrapped.recv(1) == b"x"
    finally:
        thread.join()


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def client_context(authority: Path, check_name: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_name
    return strict(context, authority)


@pytest.mark.parametrize(("name", "host"), [("apiserver", "127.0.0.1"), ("apiserver", "localhost"), ("kubelet", "10.89.0.1")])
def test_kubernetes_servers(settings: Settings, name: str, host: str) -> None:
    pki.create(settings)
    keys = pki.folder(settings)
    handshake(server_context(keys / f"{name}.crt"), client_context(keys / "ca.crt"), host)


def test_the_api_server_as_a_client_of_the_kubelet(settings: Settings) -> None:
    pki.create(settings)
    keys = pki.folder(settings)
    client = client_context(keys / "ca.crt")
    client.load_cert_chain(keys / "apiserver-kubelet-client.crt", keys / "apiserver-kubelet-client.key")
    handshake(strict(server_context(keys / "kubelet.crt"), keys / "ca.crt"), client, "10.89.0.1")


@pytest.mark.parametrize("host", ["pubsub.googleapis.com", "europe-west1-pubsub.googleapis.com", "10.89.0.1", "127.0.0.1"])
def test_pubsub(settings: Settings, host: str) -> None:
    pubsub_tls.ensure(settings)
    handshake(server_context(settings.pki / "pubsub.crt"), client_context(settings.pki / "ca.crt"), host)


def test_a_cloud_sql_instance_with_verify_ca(tmp_path: Path) -> None:
    postgresql_tls.create(tmp_path, "demo-project:orders", None)
    handshake(server_context(tmp_path / "server.crt"), client_context(tmp_path / "ca.crt", check_name=False), None)


def test_a_cloud_sql_instances_certificate_names_no_host(tmp_path: Path) -> None:
    postgresql_tls.create(tmp_path, "demo-project:orders", None)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(server_context(tmp_path / "server.crt"), client_context(tmp_path / "ca.crt"), "demo-project")


def test_a_certificate_of_another_authority_is_not_trusted(settings: Settings, tmp_path: Path) -> None:
    pubsub_tls.ensure(settings)
    pki.create(settings)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        handshake(server_context(settings.pki / "pubsub.crt"), client_context(pki.folder(settings) / "ca.crt"), "127.0.0.1")


def test_identifiers_and_usages_are_those_of_rfc_5280(settings: Settings, tmp_path: Path) -> None:
    pki.create(settings)
    pubsub_tls.ensure(settings)
    postgresql_tls.create(tmp_path, "demo-project:orders", None)
    keys = pki.folder(settings)
    pairs = {
        keys / "apiserver.crt": keys / "ca.crt",
        keys / "kubelet.crt": keys / "ca.crt",
        keys / "apiserver-kubelet-client.crt": keys / "ca.crt",
        settings.pki / "pubsub.crt": settings.pki / "ca.crt",
        tmp_path / "server.crt": tmp_path / "ca.crt",
    }
    for file, authority_file in pairs.items():
        certificate, authority = (x509.load_pem_x509_certificate(each.read_bytes()) for each in (file, authority_file))
        key_ids = [each.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest for each in (certificate, authority)]
        assert key_ids[0] != key_ids[1], file
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert issuer.key_identifier == key_ids[1], file
        constraints = [each.extensions.get_extension_for_class(x509.BasicConstraints) for each in (certificate, authority)]
        assert [(each.critical, each.value.ca) for each in constraints] == [(True, False), (True, True)], file
        signs = authority.extensions.get_extension_for_class(x509.KeyUsage)
        assert signs.critical
        assert (signs.value.key_cert_sign, signs.value.digital_signature) == (True, False)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.key_cert_sign) == (True, False), file
        assert usage.key_encipherment == isinstance(certificate.public_key(), rsa.RSAPublicKey), file
