"""Keys of the sandbox's Kubernetes: its own certificate authority, certificates, tokens and kubeconfigs."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from .. import certificates
from ..certificates import Pair, common_name
from ..command import remove_folder
from ..settings import Settings

SERVICE_ADDRESS = "10.96.0.1"
"""First address of the range of Services: where `kubernetes.default.svc` is."""
NODE_NAME = "cdc-sandbox"
LIFETIME = timedelta(days=365)

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
    """Make everything unless it is there.  All files appear at once, so an interrupted start leaves no half set of keys."""
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
    ca = certificates.authority(common_name("cdc-sandbox-kubernetes"), LIFETIME)
    _write(target / "ca.crt", ca.certificate_pem)
    api_server = ["localhost", "kubernetes.default.svc", "127.0.0.1", SERVICE_ADDRESS]
    _pair(target / "apiserver", ca.issue(common_name("kube-apiserver"), LIFETIME, names=api_server))
    _pair(target / "apiserver-kubelet-client", ca.issue(common_name("kube-apiserver-kubelet-client"), LIFETIME, client=True))
    _pair(target / "kubelet", ca.issue(common_name(NODE_NAME), LIFETIME, names=[NODE_NAME, settings.node_address]))

    service_accounts = certificates.rsa_key()
    _write(target / "service-accounts.key", certificates.private_pem(service_accounts))
    public = service_accounts.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(target / "service-accounts.pub", public)

    tokens = {name: secrets.token_hex(16) for name in USERS}
    lines = [f'{tokens[name]},{user},{number},"{group}"' for number, (name, (user, group)) in enumerate(USERS.items(), start=1)]
    _write(target / "tokens.csv", ("\n".join(lines) + "\n").encode())
    for name in USERS:
        content = render_kubeconfig(settings.kubernetes_endpoint, ca.certificate_pem, name, tokens[name])
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


def _pair(path: Path, pair: Pair) -> None:
    _write(path.with_suffix(".key"), pair.key_pem)
    _write(path.with_suffix(".crt"), pair.certificate_pem)


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    certificates.write(path, content, 0o600)
