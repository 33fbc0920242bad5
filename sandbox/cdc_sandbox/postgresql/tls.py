"""An instance's TLS certificates, as Cloud SQL makes them with GOOGLE_MANAGED_INTERNAL_CA: a CA of its own, and one server certificate.

The server certificate's common name is `project:instance` and it names no host, so `sslmode=verify-ca` works and `verify-full` does not.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from .. import certificates

LIFETIME = timedelta(days=3650)
"""Cloud SQL's own lifetime of both certificates: ten years."""
SKEW = timedelta(0)
"""The API shows a CA's first moment as its createTime, so it is not before the instance's."""


def create(folder: Path, common_name: str, owner: int | None) -> None:
    """Write `ca.crt`, `server.crt` and `server.key` into `folder`.

    common_name: of the server certificate: `project:instance`.
    owner: user and group id of the files, or None for the caller's; PostgreSQL refuses a key that others may read.
    """
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.DN_QUALIFIER, str(uuid.uuid4())),
            x509.NameAttribute(NameOID.COMMON_NAME, "Google Cloud SQL Server CA"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        ]
    )
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    authority = certificates.authority(issuer, LIFETIME, key=certificates.rsa_key(), skew=SKEW)
    server = authority.issue(subject, LIFETIME, key=certificates.rsa_key(), skew=SKEW)
    folder.mkdir(exist_ok=True)
    certificates.write(folder / "ca.crt", authority.certificate_pem, 0o644, owner)
    certificates.write(folder / "server.crt", server.certificate_pem, 0o644, owner)
    certificates.write(folder / "server.key", server.key_pem, 0o600, owner)
