"""The sandbox's certificate authority, the certificate of the TLS endpoint, and a trust store for Java clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from .. import certificates
from ..certificates import common_name, load_certificate, write
from ..settings import Settings

CA_LIFETIME = timedelta(days=3650)
CERTIFICATE_LIFETIME = timedelta(days=397)
"""Longest that clients accept from a public authority (CA/Browser Forum, until March 2026)."""
RENEW_BEFORE = timedelta(days=30)

HOST_NAMES = ("pubsub.googleapis.com", "*.googleapis.com", "localhost")
"""The wildcard covers locational endpoints such as `europe-west1-pubsub.googleapis.com`."""

TRUST_STORE_PASSWORD = "changeit"
"""Java's customary password of a trust store, which holds no secret."""


def ensure(settings: Settings) -> None:
    """Make what is missing or about to expire in `settings.pki`; a good certificate authority and certificate stay.

    Files: `ca.crt`, `ca.key`, `pubsub.crt`, `pubsub.key`, and `truststore.p12` for Java.
    """
    folder = settings.pki
    folder.mkdir(parents=True, exist_ok=True)
    authority, key = folder / "ca.crt", folder / "ca.key"
    if not key.exists() or not _lasts(authority):
        _make_authority(authority, key, folder / "truststore.p12")
    addresses = {settings.node_address, "127.0.0.1"}
    if not (folder / "pubsub.key").exists() or not _serves(folder / "pubsub.crt", authority, addresses):
        _make_certificate(folder, addresses)


def _make_authority(certificate_file: Path, key_file: Path, trust_store: Path) -> None:
    authority = certificates.authority(common_name("CDC sandbox CA"), CA_LIFETIME)
    entry = pkcs12.PKCS12Certificate(authority.certificate, b"cdc-sandbox-ca")
    encryption = serialization.BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
    certificate_file.unlink(missing_ok=True)  # written last: a start that is interrupted here makes all of it again
    write(key_file, authority.key_pem, 0o600)
    write(trust_store, pkcs12.serialize_java_truststore([entry], encryption), 0o644)
    write(certificate_file, authority.certificate_pem, 0o644)


def _make_certificate(folder: Path, addresses: set[str]) -> None:
    authority = certificates.load(folder / "ca.crt", folder / "ca.key")
    server = authority.issue(common_name(HOST_NAMES[0]), CERTIFICATE_LIFETIME, names=[*HOST_NAMES, *sorted(addresses)])
    (folder / "pubsub.crt").unlink(missing_ok=True)
    write(folder / "pubsub.key", server.key_pem, 0o600)
    write(folder / "pubsub.crt", server.certificate_pem, 0o644)


def _lasts(file: Path) -> bool:
    """Whether there is a certificate that does not expire soon."""
    return file.exists() and load_certificate(file).not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)


def _serves(file: Path, authority: Path, addresses: set[str]) -> bool:
    """Whether there is a certificate of this authority, for these addresses, that does not expire soon."""
    if not _lasts(file):
        return False
    certificate, issuer = load_certificate(file), load_certificate(authority)
    identifier = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    if identifier != issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest:
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return addresses <= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
