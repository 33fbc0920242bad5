"""Login: JWTs that an account's key signed, the token endpoint that trades them for access tokens, and who a bearer token is.

Signatures are checked with the certificate of the account's live key, so a deleted, disabled or expired key logs nobody in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..call import Caller
from ..state import State
from ..types import Json
from . import accounts

SECTION = "tokens"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600
"""Seconds that an access token lives, and the most that a JWT may."""
SKEW = 300
"""Seconds that the clocks of a caller and Google may differ."""

BAD_SIGNATURE = "Invalid JWT Signature."
BAD_TIME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


class LoginError(Exception):
    """The token endpoint's refusal (RFC 6749, section 5.2)."""

    def __init__(self, description: str, error: str = "invalid_grant") -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


class Tokens:
    """Gives out access tokens and knows them again.  The state holds only their SHA-256."""

    def __init__(self, state: State, audiences: Collection[str]) -> None:
        """audiences: addresses of the token endpoint, as `aud` of a JWT names them."""
        self._state = state
        self._audiences = frozenset(audiences)

    def exchange(self, form: Mapping[str, str]) -> Json:
        """Answer `POST /token`; raises LoginError."""
        if form.get("grant_type") != GRANT_TYPE:
            raise LoginError(f"Invalid grant_type: {form.get('grant_type', '')}", "unsupported_grant_type")
        claims = self._verify(form.get("assertion", ""))
        if claims.get("aud") not in self._audiences:
            raise LoginError("Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token")
        if not claims.get("scope"):
            raise LoginError("Invalid OAuth scope or ID token audience provided.", "invalid_scope")
        token, _ = issue(self._state, claims["iss"], claims["uniqueId"])
        return {"access_token": token, "expires_in": LIFETIME - 1, "token_type": "Bearer"}

    def caller(self, token: str) -> Caller | None:
        """Who a bearer token (an access token or a self-signed JWT) is; None when it is no good."""
        if token.count(".") == 2 and not token.startswith("ya29."):
            try:
                claims = self._verify(token)
            except LoginError:
                return None
            if claims.get("sub") != claims["iss"] or not (claims.get("aud") or claims.get("scope")) or claims.get("aud") in self._audiences:
                return None
            return Caller(claims["iss"])
        with self._state.reading(SECTION) as data:
            entry = data.get(_digest(token))
            if entry is None or entry["expires"] < time.time():
                return None
            email, unique_id, principals = entry["email"], entry["uniqueId"], tuple(entry.get("principals", ()))
        if principals:
            return Caller(email, principals)
        with self._state.reading(accounts.SECTION) as data:
            account = accounts.find(data, email)
            if account is None or account["uniqueId"] != unique_id or account["disabled"]:
                return None
        return Caller(email)

    def _verify(self, token: str) -> Json:
        """The claims of a JWT with a good signature, with the account's "uniqueId" added; raises LoginError."""
        try:
            signed, _, signature = token.rpartition(".")
            header, claims = (json.loads(_decode(part)) for part in signed.split("."))
            raw_signature = _decode(signature)
        except ValueError as error:
            raise LoginError("Bad Request") from error
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise LoginError("Bad Request")
        _check_times(claims)
        email = claims.get("iss")
        with self._state.reading(accounts.SECTION) as data:
            account = accounts.find(data, email) if isinstance(email, str) else None
            if account is None or account["email"] != email:
                raise LoginError("Invalid grant: account not found")
            key = account["keys"].get(header.get("kid"), {})
            usable = bool(key) and not account["disabled"] and not key["disabled"] and key["validBeforeTime"] > accounts.now()
            certificate, unique_id = key.get("certificate", ""), account["uniqueId"]
        if header.get("alg") != "RS256" or not usable:
            raise LoginError(BAD_SIGNATURE)
        public_key = cast(rsa.RSAPublicKey, x509.load_pem_x509_certificate(certificate.encode()).public_key())
        try:
            public_key.verify(raw_signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise LoginError(BAD_SIGNATURE) from error
        return {**claims, "uniqueId": unique_id}


def issue(state: State, email: str, unique_id: str, seconds: int = LIFETIME) -> tuple[str, float]:
    """A new access token of an account, and when it ends (seconds since 1970)."""
    return _issue(state, {"email": email, "uniqueId": unique_id}, seconds)


def issue_federated(state: State, workload: Caller) -> Json:
    """A new access token of a pod, in the form of the token endpoint (RFC 6749, section 5.1)."""
    token, _ = _issue(state, {"email": workload.email, "uniqueId": "", "principals": list(workload.principals)}, LIFETIME)
    return {"access_token": token, "expires_in": LIFETIME - 1, "token_type": "Bearer"}


def _issue(state: State, entry: Json, seconds: int) -> tuple[str, float]:
    token = "ya29.c." + secrets.token_urlsafe(96)
    now = time.time()
    with state.changing(SECTION) as data:
        for old in [digest for digest, entry in data.items() if entry["expires"] < now]:
            del data[old]
        data[_digest(token)] = {**entry, "expires": now + seconds}
    return token, now + seconds


def _check_times(claims: Mapping[str, Any]) -> None:
    issued, expires, now = claims.get("iat"), claims.get("exp"), time.time()
    if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
        raise LoginError(BAD_TIME)
    if expires < now - SKEW or issued > now + SKEW or expires - issued > LIFETIME + SKEW:
        raise LoginError(BAD_TIME)


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
