"""Service accounts and their keys as they are kept: section "iam" of the state.

    {"accounts": {EMAIL: account}, "deleted": {UNIQUE_ID: account}}

account: {"email", "uniqueId", "oauth2ClientId", "etag", "displayName", "description", "disabled", "policy", "keys": {KEY_ID: key}}
key: {"certificate" (PEM, public), "keyOrigin", "keyType", "keyAlgorithm", "validAfterTime", "validBeforeTime", "disabled"}
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ...settings import Settings
from ..state import State
from ..types import Json

SECTION = "iam"
NEVER = "9999-12-31T23:59:59Z"


def email_of(settings: Settings, account_id: str) -> str:
    """`owner` → `owner@demo-project.iam.gserviceaccount.com`."""
    return f"{account_id}@{settings.project}.iam.gserviceaccount.com"


def exists(state: State, email: str) -> bool:
    """Whether the project has this service account."""
    with state.reading(SECTION) as data:
        return email in data.get("accounts", {})


def find(data: Json, key: str) -> Json | None:
    """The account with this e-mail or unique id.  data: section "iam"."""
    accounts: dict[str, Json] = data.get("accounts", {})
    if key in accounts:
        return accounts[key]
    return next((account for account in accounts.values() if account["uniqueId"] == key), None)


def policies(data: Json) -> Iterator[Json]:
    """The policies of all accounts.  data: section "iam"."""
    for account in data.get("accounts", {}).values():
        yield account["policy"]


def new_account(email: str, display_name: str = "", description: str = "") -> Json:
    """A fresh account with the one key that Google manages."""
    unique_id = str(10**20 + secrets.randbelow(9 * 10**20))
    _, system_key = new_key(email, "SYSTEM_MANAGED")
    return {
        "email": email,
        "uniqueId": unique_id,
        "oauth2ClientId": unique_id,
        "displayName": display_name,
        "description": description,
        "disabled": False,
        "policy": {},
        "keys": {new_key_id(): system_key},
    }


def new_key_id() -> str:
    """40 hexadecimal digits."""
    return secrets.token_hex(20)


def new_key(email: str, key_type: str) -> tuple[rsa.RSAPrivateKey, Json]:
    """A new RSA-2048 key: the private key, and what is kept of it.  key_type: "USER_MANAGED" or "SYSTEM_MANAGED"."""
    private_key = _system_key() if key_type == "SYSTEM_MANAGED" else _generate()
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    end = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
    if key_type == "SYSTEM_MANAGED":
        end = now + datetime.timedelta(days=16)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, email[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(end)
        .sign(private_key, hashes.SHA256())
    )
    return private_key, {**key_record(certificate), "keyType": key_type, "keyOrigin": "GOOGLE_PROVIDED"}


def _generate() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _system_key() -> rsa.RSAPrivateKey:
    """The private half of all keys that Google manages.  Nobody ever gets it, so one does for all; a new one takes long to make."""
    return _generate()


def key_record(certificate: x509.Certificate) -> Json:
    """What is kept of a key with this certificate."""
    return {
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyType": "USER_MANAGED",
        "keyOrigin": "USER_PROVIDED",
        "validAfterTime": timestamp(certificate.not_valid_before_utc),
        "validBeforeTime": timestamp(certificate.not_valid_after_utc),
        "disabled": False,
    }


def key_file(settings: Settings, account: Json, key_id: str, private_key: rsa.RSAPrivateKey) -> str:
    """The JSON file that a program logs in with; `token_uri` is this stand-in's."""
    email = account["email"]
    private = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    content = {
        "type": "service_account",
        "project_id": settings.project,
        "private_key_id": key_id,
        "private_key": private,
        "client_email": email,
        "client_id": account["oauth2ClientId"],
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": f"{settings.google_endpoint}/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{email.replace('@', '%40')}",
        "universe_domain": "googleapis.com",
    }
    return json.dumps(content, indent=2) + "\n"


def timestamp(moment: datetime.datetime) -> str:
    """As Google writes it: `2026-11-23T06:00:00Z`."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> str:
    """The present, as Google writes it."""
    return timestamp(datetime.datetime.now(datetime.UTC))
