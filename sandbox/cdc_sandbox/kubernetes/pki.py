"""Keys of the sandbox's Kubernetes: its own certificate authority, certificates, tokens and kubeconfigs."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..command import remove_folder
from ..settings import Settings

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

SERVICE_ADDRESS = "10.96.0.1"
"""First address of the range of Services: where `kubernetes.default.svc` is."""
NODE_NAME = "cdc-sandbox"
LIFETIME = datetime.timedelta(days=365)

USERS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
}
"""Who gets a token and a kubeconfig: name of the file -> user name and group, as RBAC's default roles expect them."""


def folder(settings: Settings) -> Path:
    return settings.state / "kubernetes" / "pki"


def kubeconfig(settings: Settings, name: str) -> Path:
    """The kubeconfig of one of USERS."""
    return folder(settings) / f"{name}.kubeconfig"


def create(settings: Settings) -> None:
    """Make everything unless it is there.  All files appear at once, so a broken-off start leaves no half set of keys."""
    target = folder(settings)
    if not target.exists():
        temporary = target.with_name("pki.tmp")
        remove_folder(temporary)
        temporary.mkdir(parents=True, mode=0o700)
        _fill(settings, temporary)
        temporary.rename(target)
    _write(settings.kubeconfig, kubeconfig(settings, "admin").read_bytes())


def token(settings: Settings) -> str:
    """The administrator's bearer token."""
    content = json.loads(kubeconfig(settings, "admin").read_text())
    return str(content["users"][0]["user"]["token"])


def _fill(settings: Settings, target: Path) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("cdc-sandbox-kubernetes", ca_key, None, [])
    _write(target / "ca.crt", _pem(ca))
    _pair(target / "apiserver", "kube-apiserver", ca_key, ca, ["localhost", "kubernetes.default.svc", "127.0.0.1", SERVICE_ADDRESS])
    _pair(target / "apiserver-kubelet-client", "kube-apiserver-kubelet-client", ca_key, ca, [])
    _pair(target / "kubelet", NODE_NAME, ca_key, ca, [NODE_NAME, settings.node_address])

    service_accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write(target / "service-accounts.key", _private(service_accounts))
    public = service_accounts.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(target / "service-accounts.pub", public)

    tokens = {name: secrets.token_hex(16) for name in USERS}
    lines = [f'{tokens[name]},{user},{number},"{group}"' for number, (name, (user, group)) in enumerate(USERS.items(), start=1)]
    _write(target / "tokens.csv", ("\n".join(lines) + "\n").encode())
    for name in USERS:
        content = render_kubeconfig(settings.kubernetes_endpoint, _pem(ca), name, tokens[name])
        _write(target / f"{name}.kubeconfig", content.encode())


def render_kubeconfig(server: str, ca: bytes, user: str, user_token: str) -> str:
    """A kubeconfig with one context, as JSON (which is YAML)."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "cdc-sandbox", "cluster": {"server": server, "certificate-authority-data": base64.b64encode(ca).decode("ascii")}}
        ],
        "users": [{"name": user, "user": {"token": user_token}}],
        "contexts": [{"name": "cdc-sandbox", "context": {"cluster": "cdc-sandbox", "user": user}}],
        "current-context": "cdc-sandbox",
    }
    return json.dumps(content, indent=2) + "\n"


def _pair(path: Path, name: str, ca_key: Key, ca: x509.Certificate, names: Sequence[str]) -> None:
    """A key and its certificate: for a server if it has `names`, else for a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write(path.with_suffix(".key"), _private(key))
    _write(path.with_suffix(".crt"), _pem(_certificate(name, key, (ca_key, ca), names)))


def _certificate(name: str, key: Key, issuer: tuple[Key, x509.Certificate] | None, names: Sequence[str]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(each) for each in names]), critical=False)
    return builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
