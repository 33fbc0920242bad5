"""What the stand-in remembers of Cloud SQL, and the parts of an answer that depend on it: links, addresses, certificates, etags."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ...postgresql.cluster import Cluster
from ...postgresql.roles import Connection
from ..call import Call, Context
from ..errors import ApiError
from ..iam.permissions import denied
from ..types import Json

SECTION = "cloudsql"
"""State section: {"instances": {name: {"resource": …, "number": …, "users": {IAM user: type}}}, "deleted": {name: time}}.

An instance with certificates of clients also has "client_ca": {"certificate", "key"} and "client_certificates": [PEM, …]."""
RESERVED = timedelta(days=7)
"""How long the name of a deleted instance stays taken."""
NOT_RUNNING = "Invalid request since instance is not running."


def now() -> str:
    """The time as the API writes it: `2026-11-23T06:00:00.123Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def link(call: Call, tail: str) -> str:
    """URL of something below the project, in the path family that the caller used."""
    prefix = "sql/v1beta4" if call.version == "v1beta4" else "v1"
    return f"{call.base_url}/{prefix}/projects/{call.parameters['project']}/{tail}"


def missing_instance() -> ApiError:
    return ApiError(404, "The Cloud SQL instance does not exist.", reason="instanceDoesNotExist")


def invalid_state() -> ApiError:
    text = "The instance or operation is not in an appropriate state to handle the request."
    return ApiError(409, text, reason="invalidState")


class Store:
    """Instances by name, over the stand-in's state."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def cluster(self, name: str) -> Cluster:
        return Cluster(self.context.settings, name)

    def names(self) -> list[str]:
        with self.context.state.reading(SECTION) as data:
            return sorted(data.get("instances", {}))

    def entry(self, name: str) -> Json:
        """A copy of what is known of an instance; 404 when it is not there."""
        with self.context.state.reading(SECTION) as data:
            found: Json | None = copy.deepcopy(data.get("instances", {}).get(name))
        if found is None:
            raise denied("sql", "") if self.context.faults.take("missing_instance_forbidden") else missing_instance()
        return found

    def resource(self, name: str) -> Json:
        """A copy of an instance's resource, without what `render` adds; 404 when it is not there."""
        found: Json = self.entry(name)["resource"]
        return found

    def add(self, resource: Json) -> None:
        """Take a name (see `require_free`) and a number for a new instance."""
        name = resource["name"]
        with self.context.state.changing(SECTION) as data:
            self.require_free(name)
            instances = data.setdefault("instances", {})
            used = {entry["number"] for entry in instances.values()}
            free = [number for number in range(1, 255) if number not in used]
            if not free:
                raise ApiError(429, "The project has too many instances.", reason="quotaExceeded")
            instances[name] = {"resource": resource, "number": free[0], "users": {}}

    def require_free(self, name: str) -> None:
        """409 when the name of an instance is in use, or was within the last week."""
        with self.context.state.reading(SECTION) as data:
            if name in data.get("instances", {}) or _recent(data.get("deleted", {}).get(name)):
                raise ApiError(
                    409,
                    "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted instance "
                    "until one week from the deletion date.",
                    reason="instanceAlreadyExists",
                )

    def replace(self, resource: Json) -> None:
        with self.context.state.changing(SECTION) as data:
            data["instances"][resource["name"]]["resource"] = resource

    def set_state(self, name: str, state: str) -> None:
        with self.context.state.changing(SECTION) as data:
            data["instances"][name]["resource"]["state"] = state

    def remove(self, name: str) -> None:
        """Forget an instance; its name stays taken for a week."""
        with self.context.state.changing(SECTION) as data:
            data["instances"].pop(name, None)
            data.setdefault("deleted", {})[name] = now()

    def set_iam_user(self, name: str, user: str, kind: str | None) -> None:
        """Remember the type of an IAM user of an instance, or forget the user (None)."""
        with self.context.state.changing(SECTION) as data:
            users = data["instances"][name]["users"]
            users.pop(user, None)
            if kind is not None:
                users[user] = kind

    def add_client_certificate(self, name: str, authority: Json, certificate: str) -> None:
        """Keep a client's certificate, and the CA that signed it."""
        with self.context.state.changing(SECTION) as data:
            entry = data["instances"][name]
            entry["client_ca"] = authority
            entry.setdefault("client_certificates", []).append(certificate)

    def write_client_ca(self, name: str) -> str:
        """Path of a file with the CA of an instance's clients, for its server."""
        path = self.cluster(name).folder / "tls" / "client-ca.crt"
        path.write_text(self.entry(name)["client_ca"]["certificate"])
        path.chmod(0o644)
        return str(path)

    def require_running(self, name: str) -> Cluster:
        """The cluster of an instance, for SQL; 400 when it does not run."""
        resource, cluster = self.resource(name), self.cluster(name)
        if resource["state"] != "RUNNABLE" or resource["settings"]["activationPolicy"] != "ALWAYS" or not cluster.running():
            raise ApiError(400, NOT_RUNNING, reason="invalid")
        return cluster

    @contextmanager
    def session(self, name: str, database: str = "postgres") -> Iterator[Connection]:
        """A connection to an instance's server, as Cloud SQL's superuser.

        The server may stop after `require_running` has seen it; who works with it then hears the same 400.
        """
        cluster = self.require_running(name)
        try:
            with cluster.connect(database) as connection:
                yield connection
        except (psycopg.OperationalError, FileNotFoundError) as error:
            if isinstance(error, psycopg.OperationalError) and not _server_gone(error):
                raise
            raise ApiError(400, NOT_RUNNING, reason="invalid") from error

    def render(self, call: Call, name: str) -> Json:
        """An instance as GET answers it."""
        resource = self.resource(name)
        resource["etag"] = etag(name, resource["createTime"], resource["settings"]["settingsVersion"])
        resource["selfLink"] = link(call, f"instances/{name}")
        cluster = self.cluster(name)
        if resource["state"] != "PENDING_CREATE":
            try:
                resource |= {"ipAddresses": addresses(cluster), "serverCaCert": server_ca(call, cluster)}
            except FileNotFoundError:  # it was never made, or is being removed just now
                pass
        return resource


def addresses(cluster: Cluster) -> list[Json]:
    """ipAddresses: an instance with a public address also has one it goes out from, here the same one."""
    found = cluster.addresses()
    result: list[Json] = [{"type": kind, "ipAddress": address} for kind, address in found.items()]
    if "PRIMARY" in found:
        result.insert(1, {"type": "OUTGOING", "ipAddress": found["PRIMARY"]})
    return result


def etag(*version: str) -> str:
    """An etag of what `version` tells apart: base64, for the field is of bytes."""
    return base64.b64encode(hashlib.sha256(":".join(version).encode()).digest()).decode()


def server_ca(call: Call, cluster: Cluster) -> Json:
    """serverCaCert of an instance."""
    text = cluster.server_ca
    subject = x509.load_pem_x509_certificate(text.encode()).subject
    return ssl_cert(cluster.name, text) | {
        "certSerialNumber": "0",
        "commonName": subject.rfc4514_string({NameOID.DN_QUALIFIER: "dnQualifier"}),
    }


def ssl_cert(instance: str, text: str) -> Json:
    """SslCert of a certificate in PEM, without a link."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    return {
        "kind": "sql#sslCert",
        "instance": instance,
        "cert": text.strip(),
        "certSerialNumber": str(certificate.serial_number),
        "commonName": str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value),
        "sha1Fingerprint": certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 - the field's definition
        "createTime": _time(certificate.not_valid_before_utc),
        "expirationTime": _time(certificate.not_valid_after_utc),
    }


def _time(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _server_gone(error: psycopg.OperationalError) -> bool:
    """Whether the server ended the session or let nobody in (class 57P), or there was no server to say anything."""
    return error.sqlstate is None or error.sqlstate.startswith("57P")


def _recent(time: str | None) -> bool:
    return time is not None and datetime.now(UTC) - datetime.fromisoformat(time) < RESERVED
