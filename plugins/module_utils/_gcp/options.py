# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every Google module shares.  PRIVATE to the collection.

Names and environment variables of the log-in options are those of google.cloud (its gcp_utils.py), whose users know them.
The documentation is plugins/doc_fragments/_gcp.py.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback

from .._reconcile.errors import InvalidInput

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

ENDPOINTS: dict[str, str] = {
    "sql_endpoint": "https://sqladmin.googleapis.com/",
    "iam_endpoint": "https://iam.googleapis.com/",
    "iam_credentials_endpoint": "https://iamcredentials.googleapis.com/",
    "resource_manager_endpoint": "https://cloudresourcemanager.googleapis.com/",
    "service_networking_endpoint": "https://servicenetworking.googleapis.com/",
    "pubsub_endpoint": "https://pubsub.googleapis.com/",
}


def argument_spec(**extra: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The shared options and `extra`, the module's own."""
    shared: dict[str, dict[str, t.Any]] = {
        "project": {
            "type": "str",
            "required": True,
            "fallback": (env_fallback, ["GCP_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCE_PROJECT"]),
        },
        "auth_kind": {
            "type": "str",
            "choices": ["application", "serviceaccount", "machineaccount", "accesstoken"],
            "default": "application",
            "fallback": (env_fallback, ["GCP_AUTH_KIND"]),
        },
        "service_account_file": {"type": "path", "fallback": (env_fallback, ["GCP_SERVICE_ACCOUNT_FILE"])},
        "service_account_contents": {"type": "jsonarg", "no_log": True, "fallback": (env_fallback, ["GCP_SERVICE_ACCOUNT_CONTENTS"])},
        "service_account_email": {"type": "str", "fallback": (env_fallback, ["GCP_SERVICE_ACCOUNT_EMAIL"])},
        "access_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["GCP_ACCESS_TOKEN"])},
        "impersonate_service_account": {"type": "str", "fallback": (env_fallback, ["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"])},
        "quota_project": {"type": "str", "fallback": (env_fallback, ["GOOGLE_CLOUD_QUOTA_PROJECT"])},
        "scopes": {"type": "list", "elements": "str", "default": [CLOUD_PLATFORM], "fallback": (env_fallback, ["GCP_SCOPES"])},
        "ca_certificate_file": {"type": "path"},
        "request_timeout": {"type": "int", "default": 30},
        "retry_timeout": {"type": "int", "default": 90},
    }
    shared.update({name: {"type": "str", "default": default} for name, default in ENDPOINTS.items()})
    return {**shared, **extra}


@dataclass(frozen=True)
class GcpOptions:
    """The shared options of one module call.

    request_timeout: seconds that one request may take.  retry_timeout: seconds that a request and its repetitions may take.
    """

    project: str
    auth_kind: str
    service_account_file: str | None
    service_account_contents: str | None
    service_account_email: str | None
    access_token: str | None
    impersonate_service_account: str | None
    quota_project: str | None
    scopes: tuple[str, ...]
    ca_certificate_file: str | None
    request_timeout: float
    retry_timeout: float
    endpoints: t.Mapping[str, str]

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> GcpOptions:
        """From a module's parameters.  Raises InvalidInput for an endpoint that is not a root URL."""
        endpoints = {name: _root_url(name, params[name]) for name in ENDPOINTS}
        names = [name for name in cls.__dataclass_fields__ if name not in ("scopes", "endpoints")]
        return cls(scopes=tuple(params["scopes"]), endpoints=endpoints, **{name: params[name] for name in names})


def _root_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/") or parts.query:
        raise InvalidInput(f"{name} must be a root URL like https://sqladmin.googleapis.com/, not {value!r}.")
    return f"{parts.scheme}://{parts.netloc}"
