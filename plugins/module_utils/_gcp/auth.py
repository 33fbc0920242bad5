# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials from the shared options.  PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t

from .._reconcile.engine import Library
from .._reconcile.errors import InvalidInput, ReconcileError
from .options import ENDPOINTS, GcpOptions

try:
    import google.auth
    import google.auth.compute_engine
    import google.auth.exceptions
    import google.auth.impersonated_credentials
    import google.oauth2.credentials
    import google.oauth2.service_account

    _ERROR: ImportError | None = None
except ImportError as error:
    _ERROR = error

GOOGLE_AUTH = Library("google-auth", _ERROR)


class LoginError(ReconcileError):
    """No credentials could be made of the options, or Google refused them."""


def credentials(options: GcpOptions) -> t.Any:
    """google-auth credentials for `options`, impersonation and quota project applied.  Makes no request."""
    try:
        found = _SOURCES[options.auth_kind](options)
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError) as error:
        raise LoginError(f"Cannot log in to Google Cloud with auth_kind={options.auth_kind}: {error}") from error
    if options.impersonate_service_account:
        found = google.auth.impersonated_credentials.Credentials(
            source_credentials=found,
            target_principal=options.impersonate_service_account,
            target_scopes=list(options.scopes),
            iam_endpoint_override=_token_url(options, options.impersonate_service_account),
        )
    if options.quota_project and hasattr(found, "with_quota_project"):
        found = found.with_quota_project(options.quota_project)
    return found


def _token_url(options: GcpOptions, account: str) -> str | None:
    """Where to ask for a token of `account`; None leaves it to google-auth, which knows the credentials' universe domain."""
    endpoint = options.endpoints["iam_credentials_endpoint"]
    if endpoint == ENDPOINTS["iam_credentials_endpoint"].rstrip("/"):
        return None
    return f"{endpoint}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"


def _application(options: GcpOptions) -> t.Any:
    return google.auth.default(scopes=options.scopes)[0]


def _service_account(options: GcpOptions) -> t.Any:
    kind = google.oauth2.service_account.Credentials
    if options.service_account_contents:
        return kind.from_service_account_info(json.loads(options.service_account_contents), scopes=options.scopes)
    if options.service_account_file:
        return kind.from_service_account_file(options.service_account_file, scopes=options.scopes)
    raise InvalidInput("auth_kind=serviceaccount needs service_account_file or service_account_contents.")


def _machine_account(options: GcpOptions) -> t.Any:
    return google.auth.compute_engine.Credentials(options.service_account_email or "default", scopes=options.scopes)


def _access_token(options: GcpOptions) -> t.Any:
    if not options.access_token:
        raise InvalidInput("auth_kind=accesstoken needs access_token.")
    return google.oauth2.credentials.Credentials(options.access_token)


_SOURCES: dict[str, t.Callable[[GcpOptions], t.Any]] = {
    "application": _application,
    "serviceaccount": _service_account,
    "machineaccount": _machine_account,
    "accesstoken": _access_token,
}
