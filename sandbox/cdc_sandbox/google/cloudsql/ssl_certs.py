"""Certificates: those of an instance's server, and those with which clients identify themselves to it.

A client's certificate is signed by a CA of the instance that is made with the first of them; PostgreSQL trusts that CA from then on.  The
private key of a client leaves in the answer to `insert` and is kept nowhere; that of the CA is in the state, as all secrets are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ... import certificates
from ...postgresql.cluster import Cluster
from ..call import Call, Handler
from ..errors import ApiError
from ..types import Json
from .operations import Operations
from .store import NOT_RUNNING, Store, link, server_ca, ssl_cert
from .validation import invalid

LIFETIME = timedelta(days=3650)
LONGEST_NAME = 64
"""Characters of a common name, as X.509 has it."""


class SslCerts:
    """The certificates' methods."""

    def __init__(self, store: Store, operations: Operations, apply: Callable[[str], None]) -> None:
        """apply: makes the server of an instance take its settings again."""
        self._store = store
        self._operations = operations
        self._apply = apply

    def handlers(self) -> dict[str, Handler]:
        return {
            "sql.instances.listServerCas": self.list_server_cas,
            "sql.sslCerts.insert": self.insert,
            "sql.sslCerts.get": self.get,
            "sql.sslCerts.list": self.list_all,
        }

    def list_server_cas(self, call: Call) -> Json:
        """sql.instances.listServerCas: the one CA there is; nobody rotates it here."""
        active = server_ca(call, self._created(call))
        return {"kind": "sql#instancesListServerCas", "certs": [active], "activeVersion": active["sha1Fingerprint"]}

    def insert(self, call: Call) -> Json:
        """sql.sslCerts.insert."""
        instance, name = call.parameters["instance"], call.body.get("commonName") or ""
        self._operations.require_idle(instance)
        cluster = self._store.require_running(instance)
        if not 1 <= len(name) <= LONGEST_NAME:
            raise invalid(f"Invalid common name ({name}): it must have 1 to {LONGEST_NAME} characters.")
        made: list[Json] = []

        def work() -> None:
            made.append(self._make(call, name))
            self._apply(instance)

        operation = self._operations.run_now(call, "UPDATE", instance, work)
        answer = {"kind": "sql#sslCertsInsert", "operation": operation, "serverCaCert": server_ca(call, cluster)}
        return answer | ({"clientCert": made[0]} if made else {})

    def get(self, call: Call) -> Json:
        """sql.sslCerts.get."""
        for item in self._items(call):
            if item["sha1Fingerprint"] == call.parameters["sha1Fingerprint"]:
                return item
        raise ApiError(404, "The SSL certificate does not exist.", reason="sslCertDoesNotExist")

    def list_all(self, call: Call) -> Json:
        """sql.sslCerts.list."""
        items = self._items(call)
        return {"kind": "sql#sslCertsList", **({"items": items} if items else {})}

    def _items(self, call: Call) -> list[Json]:
        name = call.parameters["instance"]
        return [_render(call, text) for text in self._store.entry(name).get("client_certificates", [])]

    def _created(self, call: Call) -> Cluster:
        name = call.parameters["instance"]
        self._store.resource(name)
        cluster = self._store.cluster(name)
        if not cluster.exists():
            raise ApiError(400, NOT_RUNNING, reason="invalid")
        return cluster

    def _make(self, call: Call, name: str) -> Json:
        """A new certificate and its key, as SslCertDetail."""
        instance = call.parameters["instance"]
        if any(item["commonName"] == name for item in self._items(call)):
            raise ApiError(409, f"The SSL certificate {name} already exists.", reason="sslCertAlreadyExists")
        authority = self._store.entry(instance).get("client_ca") or _new_authority(instance)
        key = serialization.load_pem_private_key(authority["key"].encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the CA of clients has an RSA key")
        issuer = certificates.Pair(x509.load_pem_x509_certificate(authority["certificate"].encode()), key)
        made = issuer.issue(_name(name), LIFETIME, key=certificates.rsa_key(), client=True)
        text = made.certificate_pem.decode()
        self._store.add_client_certificate(instance, authority, text)
        return {"certInfo": _render(call, text), "certPrivateKey": _private(made.key)}


def _render(call: Call, text: str) -> Json:
    """SslCert of a client."""
    item = ssl_cert(call.parameters["instance"], text)
    item["selfLink"] = link(call, f"instances/{item['instance']}/sslCerts/{item['sha1Fingerprint']}")
    return item


def _new_authority(instance: str) -> Json:
    made = certificates.authority(_name(f"Google Cloud SQL Client CA {instance}"[:LONGEST_NAME]), LIFETIME, key=certificates.rsa_key())
    return {"certificate": made.certificate_pem.decode(), "key": _private(made.key)}


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _private(key: certificates.Key) -> str:
    """In the form in which Cloud SQL gives keys: BEGIN RSA PRIVATE KEY."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
