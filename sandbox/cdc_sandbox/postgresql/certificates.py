"""An instance's TLS certificates, as Cloud SQL makes them with GOOGLE_MANAGED_INTERNAL_CA: a CA of its own, and one server certificate.

The server certificate's common name is `project:instance` and it names no host, so `sslmode=verify-ca` works and `verify-full` does not.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VALIDITY = timedelta(days=3650)
"""Cloud SQL's own lifetime of both certificates: ten years."""


def create(folder: Path, common_name: str, owner: int | None) -> None:
    """Write `ca.crt`, `server.crt` and `server.key` into `folder`.

    common_name: of the server certificate: `project:instance`.
    owner: user and group id of the files, or None for the caller's; PostgreSQL refuses a key that others may read.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.DN_QUALIFIER, str(uuid.uuid4())),
            x509.NameAttribute(NameOID.COMMON_NAME, "Google Cloud SQL Server CA"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        ]
    )
    ca_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ca = (
        _builder(issuer, issuer, ca_key.public_key(), now)
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server = _builder(subject, issuer, key.public_key(), now).serial_number(x509.random_serial_number()).sign(ca_key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(exist_ok=True)
    _write(folder / "ca.crt", ca.public_bytes(serialization.Encoding.PEM), 0o644, owner)
    _write(folder / "server.crt", server.public_bytes(serialization.Encoding.PEM), 0o644, owner)
    _write(folder / "server.key", private, 0o600, owner)


def _builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, now: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.not_valid_before(now).not_valid_after(now + VALIDITY)


def _write(path: Path, content: bytes, mode: int, owner: int | None) -> None:
    """Write a file that never, not even for a moment, has a wider mode than `mode`."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    if owner is not None:
        os.chown(path, owner, owner)
