"""What the server needs of the machine: certificates, a program, a process."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.progress import Progress
from cdc_sandbox.pubsub import build, server, tls
from cdc_sandbox.settings import Settings, load
from conftest import PubSub
from cryptography import x509

ADDRESS = "10.89.250.7"


def test_certificates_are_kept_and_follow_the_address(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, cache=tmp_path)
    tls.ensure(settings)
    first = {file.name: file.read_bytes() for file in settings.pki.iterdir()}
    assert set(first) == {"ca.crt", "ca.key", "pubsub.crt", "pubsub.key", "truststore.p12"}
    assert {oct((settings.pki / name).stat().st_mode & 0o777) for name in ("ca.key", "pubsub.key")} == {"0o600"}
    tls.ensure(settings)
    assert {file.name: file.read_bytes() for file in settings.pki.iterdir()} == first
    tls.ensure(replace(settings, node_address=ADDRESS))
    assert (settings.pki / "ca.crt").read_bytes() == first["ca.crt"]
    certificate = x509.load_pem_x509_certificate((settings.pki / "pubsub.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {ADDRESS, "127.0.0.1"}


def test_new_authority_signs_a_new_certificate(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, cache=tmp_path)
    tls.ensure(settings)
    (settings.pki / "ca.key").unlink()
    tls.ensure(settings)
    authority = x509.load_pem_x509_certificate((settings.pki / "ca.crt").read_bytes())
    x509.load_pem_x509_certificate((settings.pki / "pubsub.crt").read_bytes()).verify_directly_issued_by(authority)


@pytest.mark.skipif(shutil.which("keytool") is None, reason="keytool of a Java runtime is not installed")
def test_java_trusts_the_authority(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, cache=tmp_path)
    tls.ensure(settings)
    command = ["keytool", "-list", "-keystore", str(settings.pki / "truststore.p12"), "-storepass", tls.TRUST_STORE_PASSWORD]
    listing = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "cdc-sandbox-ca" in listing
    assert "trustedCertEntry" in listing


def test_program_is_built_once(tmp_path: Path, pubsub: PubSub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "go_program", lambda *_: pytest.fail("built again"))
    assert build.build(pubsub.settings, Progress()).parent == load().cache / "pubsub"


def test_status_and_down(tmp_path: Path, pubsub: PubSub) -> None:
    assert [row[3] for row in server.status(pubsub.settings)] == ["running", "running"]
    assert [row[3] for row in server.status(replace(pubsub.settings, state=tmp_path))] == ["down", "down"]


def test_status_tells_when_the_address_that_pods_use_is_gone(pubsub: PubSub) -> None:
    moved = replace(pubsub.settings, node_address="127.78.9.1")
    assert [row[3] for row in server.status(moved)] == ["running", f"unreachable at {moved.pubsub_tls_endpoint}"]


def test_taken_port_is_named(tmp_path: Path, pubsub: PubSub) -> None:
    with pytest.raises(SandboxError, match="address already in use"):
        server.up(replace(pubsub.settings, state=tmp_path, pubsub_port=pubsub.settings.pubsub_tls_port), Progress())
    server.down(replace(pubsub.settings, state=tmp_path))
