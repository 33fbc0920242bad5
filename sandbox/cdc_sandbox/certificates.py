"""X.509 certificates of the sandbox: authorities, servers and clients, such that strict verification (RFC 5280) accepts them."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

CLOCK_SKEW = timedelta(hours=1)
"""Certificates are valid from this long ago: a pod's or container's clock may be behind."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return private_pem(self.key)

    def issue(
        self,
        subject: x509.Name,
        lifetime: timedelta,
        *,
        key: Key | None = None,
        names: Iterable[str] = (),
        client: bool = False,
        skew: timedelta = CLOCK_SKEW,
    ) -> Pair:
        """A certificate signed by this authority.

        key: of the new certificate; None makes one on the curve P-256.
        names: host names and IP addresses of a server.
        client: whether it is a client's instead of a server's.
        """
        own = key or elliptic_key()
        issuer = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        alternatives = [_alternative(name) for name in names]
        builder = (
            _builder(subject, self.certificate.subject, own, lifetime, skew)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_handshake_usage(own), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        )
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return Pair(builder.sign(self.key, hashes.SHA256()), own)


def authority(subject: x509.Name, lifetime: timedelta, *, key: Key | None = None, skew: timedelta = CLOCK_SKEW) -> Pair:
    """A new certificate authority that signs certificates of servers and clients, and no other authority.

    key: None makes one on the curve P-256.
    """
    own = key or elliptic_key()
    certificate = (
        _builder(subject, subject, own, lifetime, skew)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(own, hashes.SHA256())
    )
    return Pair(certificate, own)


def load(certificate: Path, key: Path) -> Pair:
    """A pair from its two files."""
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, Key)
    return Pair(load_certificate(certificate), private)


def load_certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write(path: Path, content: bytes, mode: int, owner: int | None = None) -> None:
    """Write a whole file or none; it never has a wider mode than `mode`.

    owner: user and group id of the file, or None for the caller's.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    if owner is not None:
        os.chown(temporary, owner, owner)
    temporary.replace(path)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, lifetime: timedelta, skew: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - skew)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _handshake_usage(key: Key) -> x509.KeyUsage:
    """An RSA key may also encrypt the secret of a TLS 1.2 handshake."""
    return _usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPrivateKey))


def _usage(
    *, digital_signature: bool = False, key_encipherment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_encipherment=key_encipherment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
