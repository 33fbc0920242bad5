"""The sandbox's certificate authority, the certificate of the TLS endpoint, and a trust store for Java clients."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CDC sandbox CA")])
    certificate = (
        _builder(name, name, key.public_key(), CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    entry = pkcs12.PKCS12Certificate(certificate, b"cdc-sandbox-ca")
    encryption = serialization.BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
    certificate_file.unlink(missing_ok=True)  # a start that breaks off here makes all of it anew
    _write(key_file, _private(key), 0o600)
    _write(trust_store, pkcs12.serialize_java_truststore([entry], encryption), 0o644)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_certificate(folder: Path, addresses: set[str]) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST_NAMES[0])])
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in HOST_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in sorted(addresses)]
    certificate = (
        _builder(subject, authority.subject, key.public_key(), CERTIFICATE_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    (folder / "pubsub.crt").unlink(missing_ok=True)
    _write(folder / "pubsub.key", _private(key), 0o600)
    _write(folder / "pubsub.crt", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    # An hour back: a pod's or container's clock may be behind.
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + lifetime)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Key usage of an authority (signs certificates) or of a server (signs handshakes)."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _lasts(file: Path) -> bool:
    """Whether there is a certificate that does not expire soon."""
    return file.exists() and _load(file).not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)


def _serves(file: Path, authority: Path, addresses: set[str]) -> bool:
    """Whether there is a certificate of this authority, for these addresses, that does not expire soon."""
    if not _lasts(file):
        return False
    certificate, issuer = _load(file), _load(authority)
    identifier = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    if identifier != issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest:
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return addresses <= {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def _load(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a whole file or none; it never has a wider mode than `mode`."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    temporary.replace(path)
