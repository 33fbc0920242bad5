"""IAM: keys of service accounts.  They are real RSA keys, and the private half leaves in the answer to `create` and nowhere else."""

from __future__ import annotations

import base64
import datetime
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..call import Call, Context, Handler
from ..errors import ApiError
from ..types import Json
from . import accounts
from .service_accounts import require_account

MOST_KEYS = 10
"""User-managed keys that an account may have."""
MANAGED = "constraints/iam.managed.disableServiceAccountKeyCreation"


def methods(context: Context) -> dict[str, Handler]:
    """Handlers of projects.serviceAccounts.keys.*."""
    service = _Keys(context)
    return {
        "iam.projects.serviceAccounts.keys.create": service.create,
        "iam.projects.serviceAccounts.keys.get": service.get,
        "iam.projects.serviceAccounts.keys.list": service.list,
        "iam.projects.serviceAccounts.keys.delete": service.delete,
        "iam.projects.serviceAccounts.keys.enable": service.enable,
        "iam.projects.serviceAccounts.keys.disable": service.disable,
        "iam.projects.serviceAccounts.keys.upload": service.upload,
    }


class _Keys:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state
        self._unknown: dict[str, int] = {}

    def create(self, call: Call) -> Json:
        private_type = call.body.get("privateKeyType") or "TYPE_GOOGLE_CREDENTIALS_FILE"
        if private_type not in ("TYPE_GOOGLE_CREDENTIALS_FILE", "TYPE_UNSPECIFIED"):
            raise ApiError(501, "The sandbox makes keys of type TYPE_GOOGLE_CREDENTIALS_FILE only.")
        if call.body.get("keyAlgorithm") == "KEY_ALG_RSA_1024":
            raise ApiError(501, "The sandbox makes keys of KEY_ALG_RSA_2048 only.")
        email = self._email(call)
        self._refuse(call, email)
        private_key, record = accounts.new_key(email, "USER_MANAGED")
        if (ending := self._context.faults.take("key_expires", call.method_id)) is not None:
            hours = float(ending.options.get("hours", 8))
            record["validBeforeTime"] = accounts.timestamp(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours))
        key_id = accounts.new_key_id()
        if (lag := self._context.faults.take("key_unknown", call.method_id)) is not None:
            self._unknown[key_id] = int(lag.options.get("reads", 2))
        account = self._add(call, key_id, record)
        content = accounts.key_file(self._context.settings, account, key_id, private_key)
        return {
            **self._answer(email, key_id, record),
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "privateKeyData": base64.b64encode(content.encode()).decode(),
        }

    def upload(self, call: Call) -> Json:
        email = self._email(call)
        try:
            certificate = x509.load_pem_x509_certificate(base64.b64decode(call.body.get("publicKeyData") or ""))
        except ValueError as error:
            raise ApiError(400, "The public key data is not a PEM encoded X.509 certificate.") from error
        public_key = certificate.public_key()
        if not isinstance(public_key, rsa.RSAPublicKey) or public_key.key_size < 2048:
            raise ApiError(400, "The public key is not an RSA key of at least 2048 bits.")
        record, key_id = accounts.key_record(certificate), accounts.new_key_id()
        self._add(call, key_id, record)
        return self._answer(email, key_id, record)

    def get(self, call: Call) -> Json:
        with self._state.reading(accounts.SECTION) as data:
            account, key_id, record = _find(data, call.parameters["name"])
            if self._unknown.get(key_id, 0) > 0:
                self._unknown[key_id] -= 1
                raise _no_key(key_id)
            answer = self._answer(account["email"], key_id, record)
        kind = (call.query.get("publicKeyType") or ["TYPE_NONE"])[0]
        if kind != "TYPE_NONE":
            answer["publicKeyData"] = base64.b64encode(_public(record["certificate"], kind)).decode()
        return answer

    def list(self, call: Call) -> Json:
        types = set(call.query.get("keyTypes", [])) - {"KEY_TYPE_UNSPECIFIED"}
        with self._state.reading(accounts.SECTION) as data:
            account = require_account(data, call.parameters["name"])
            keys = [
                self._answer(account["email"], key_id, record)
                for key_id, record in account["keys"].items()
                if not types or record["keyType"] in types
            ]
        return {"keys": keys} if keys else {}

    def delete(self, call: Call) -> Json:
        with self._state.changing(accounts.SECTION) as data:
            account, key_id, record = _find(data, call.parameters["name"])
            if record["keyType"] != "USER_MANAGED":
                raise ApiError(400, "System-managed keys cannot be deleted.", status="FAILED_PRECONDITION")
            del account["keys"][key_id]
        return {}

    def enable(self, call: Call) -> Json:
        return self._set_disabled(call, False)

    def disable(self, call: Call) -> Json:
        return self._set_disabled(call, True)

    def _set_disabled(self, call: Call, disabled: bool) -> Json:
        with self._state.changing(accounts.SECTION) as data:
            _find(data, call.parameters["name"])[2]["disabled"] = disabled
        return {}

    def _email(self, call: Call) -> str:
        with self._state.reading(accounts.SECTION) as data:
            return str(require_account(data, call.parameters["name"])["email"])

    def _add(self, call: Call, key_id: str, record: Json) -> Json:
        """Keep a key unless the account has its ten; gives the account."""
        with self._state.changing(accounts.SECTION) as data:
            account = require_account(data, call.parameters["name"])
            if sum(key["keyType"] == "USER_MANAGED" for key in account["keys"].values()) >= MOST_KEYS:
                raise too_many_keys()
            account["keys"][key_id] = record
            return account

    def _answer(self, email: str, key_id: str, record: Json) -> Json:
        answer = {
            "name": f"projects/{self._context.settings.project}/serviceAccounts/{email}/keys/{key_id}",
            **{name: record[name] for name in ("validAfterTime", "validBeforeTime", "keyAlgorithm", "keyOrigin", "keyType")},
        }
        if record["disabled"]:
            answer |= {"disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"}
        return answer

    def _refuse(self, call: Call, email: str) -> None:
        """What an organisation's policy, or the limit of keys, has against a new key."""
        take = self._context.faults.take
        if (forbidden := take("key_creation_forbidden", call.method_id)) is not None:
            raise self._forbidden(email, managed=bool(forbidden.options.get("managed")))
        if (limit := take("key_limit", call.method_id)) is not None:
            raise too_many_keys(old=limit.options.get("shape") == "old")

    def _forbidden(self, email: str, managed: bool) -> ApiError:
        """An organisation's policy `iam.disableServiceAccountKeyCreation` at work.

        managed: its newer twin; how the real one's answer looks is not known but for its code and the constraint's name.
        """
        if managed:
            text = f"Operation denied by org policy on resource 'projects/{self._context.settings.project}': [\"{MANAGED}\"]."
            return ApiError(400, text, reason="failedPrecondition", status="FAILED_PRECONDITION")
        violation = {
            "type": "constraints/iam.disableServiceAccountKeyCreation",
            "subject": f"projects/{self._context.settings.project}/serviceAccounts/{email}?configvalue={email}",
            "description": "Key creation is not allowed on this service account.",
        }
        details = [{"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [violation]}]
        return ApiError(400, violation["description"], reason="failedPrecondition", status="FAILED_PRECONDITION", details=details)


def too_many_keys(old: bool = False) -> ApiError:
    """The refusal of an eleventh key, as it is since about 2022, or as it was before."""
    if old:
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "86401s"}]
        return ApiError(429, "Maximum number of keys on account reached.", reason="rateLimitExceeded", details=details)
    return ApiError(400, "Precondition check failed.", reason="failedPrecondition", status="FAILED_PRECONDITION")


def _find(data: Json, name: str) -> tuple[Json, str, Json]:
    """The account, key id and key that `projects/P/serviceAccounts/E/keys/K` names."""
    account, key_id = require_account(data, name), name.split("/")[5]
    if key_id not in account["keys"]:
        raise _no_key(key_id)
    return account, key_id, account["keys"][key_id]


def _no_key(key_id: str) -> ApiError:
    return ApiError(404, f"Service account key {key_id} does not exist.", reason="notFound")


def _public(certificate: str, kind: str) -> bytes:
    """The public half in the form asked for."""
    if kind == "TYPE_X509_PEM_FILE":
        return certificate.encode()
    public_key = cast(rsa.RSAPublicKey, x509.load_pem_x509_certificate(certificate.encode()).public_key())
    return public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
