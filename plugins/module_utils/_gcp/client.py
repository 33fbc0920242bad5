# SPDX-License-Identifier: GPL-3.0-or-later
"""The one gateway to Google's REST APIs: deadlines, retries, and errors that a person understands.  PRIVATE to the collection."""

from __future__ import annotations

import json
import re
import threading
import typing as t
from collections.abc import Mapping

from .._reconcile.engine import Library
from .._reconcile.errors import ReconcileError, full_stop
from .._reconcile.retry import Transient, retry, retry_after
from .._reconcile.wait import Clock
from .auth import Login, connection_cause, login_error
from .options import GcpOptions

try:
    import google.auth.exceptions
    import google.auth.transport.requests
    import requests

    _ERROR: ImportError | None = None
except ImportError as error:
    _ERROR = error

REQUESTS = Library("requests", _ERROR)

RETRIED = frozenset({429, 500, 502, 503, 504})
"""HTTP codes after which the same request is sent again (google.api_core.retry, Terraform's error_retry_predicates)."""
PER_MINUTE = re.compile(r"Quota exceeded for quota metric '.*' and limit '.* per minute'")


API_DISABLED = re.compile(r"has not been used in project .* before or it is disabled")
"""The one 403 that is not about permissions; the server's words say how to enable the API."""

NO_MESSAGE = "no error message"
CREDENTIALS_HINT = "Log in again: the credentials are not accepted."


def permission_hint(permission: str, project: str) -> str:
    """What to do about a refusal, by any of Google's APIs, for lack of a permission."""
    where = "" if " on " in permission else f" in project {project}"
    return f"The account that runs this needs the permission {permission}{where}; check the project's name too."


class ApiError(ReconcileError):
    """A Google API refused.

    status: HTTP code.  reason: `errors[0].reason` or the status name ("notAuthorized", "ALREADY_EXISTS"), "" when there is none.
    server_message: the server's own words.
    """

    def __init__(self, attempt: str, status: int, reason: str, server_message: str, body: Mapping[str, t.Any], hint: str = "") -> None:
        what = f"{attempt} failed with HTTP {status}{f' {reason}' if reason else ''}"
        super().__init__(" ".join(filter(None, [f"{what}: {full_stop(server_message)}", hint])), http_status=status, reason=reason)
        self.status = status
        self.reason = reason
        self.server_message = server_message
        self.body = body


class PermissionMissing(ApiError):
    """403: the account lacks `permission`."""

    permission: str = ""


class LostAnswer(ReconcileError):
    """A request that must not be repeated blindly was sent, and no answer came: it may or may not have been carried out."""


class Client:
    """Requests to Google's APIs with one log-in and one session of kept connections.  Usable from several threads at once.

    session: an AuthorizedSession, or None to make one of `login` at the first request.
    login: shared with other gateways, or None for one of its own.
    """

    def __init__(self, options: GcpOptions, session: t.Any = None, clock: Clock | None = None, login: Login | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self.login = login or Login(options, self.clock)
        self._session = session
        self._lock = threading.Lock()

    def call(
        self,
        attempt: str,
        permission: str,
        method: str,
        endpoint: str,
        path: str,
        query: Mapping[str, t.Any] | None = None,
        body: Mapping[str, t.Any] | None = None,
        repeatable: bool = True,
    ) -> dict[str, t.Any]:
        """Send one request and give back the answer's JSON.

        attempt: what is being tried, for messages: "Reading topic shop.changes".
        permission: what the caller needs, for the message when it is missing: "cloudsql.instances.get".
        endpoint: name of the endpoint option, for example "sql_endpoint".
        repeatable: False for a request that creates something each time it arrives (a service account key): it is then
            repeated only after 429, and a lost answer raises LostAnswer.
        Raises ApiError (PermissionMissing for a 403), LoginError, or LostAnswer.
        """
        url = self.options.endpoints[endpoint] + path

        def send(left: float) -> dict[str, t.Any]:
            try:
                response = self._open().request(
                    method,
                    url,
                    params=query,
                    json=body,
                    timeout=max(1.0, min(self.options.request_timeout, left)),
                    headers={"User-Agent": "cdc.gcp"},
                    # Said with each request, because REQUESTS_CA_BUNDLE in the environment would win over session.verify.
                    verify=self.options.ca_certificate_file,
                )
            except google.auth.exceptions.GoogleAuthError as failure:
                raise login_error(attempt, failure) from failure
            except requests.exceptions.RequestException as failure:
                cause = connection_cause(failure)
                if not repeatable and not isinstance(failure, requests.exceptions.ConnectTimeout):
                    raise LostAnswer(f"{attempt}: the answer of {url} was lost ({type(failure).__name__}).") from failure
                raise Transient(
                    ReconcileError(f"{attempt}: no answer from {url} ({cause}). Check the network and {endpoint}.")
                ) from failure
            if response.ok:
                return dict(response.json()) if response.content else {}
            error = _api_error(attempt, permission, self.options.project, response)
            if _passes(error, repeatable):
                raise Transient(error, retry_after(response.headers.get("Retry-After")))
            raise error

        return retry(send, self.options.retry_timeout, self.clock)

    def _open(self) -> t.Any:
        with self._lock:
            if self._session is None:
                self._session = google.auth.transport.requests.AuthorizedSession(self.login.credentials)
            return self._session


def _api_error(attempt: str, permission: str, project: str, response: t.Any) -> ApiError:
    """Google's error shape `{"error": {"code", "message", "status", "errors": [{"reason"}]}}`; anything else by its text."""
    body: dict[str, t.Any] = {}
    reason, said = "", str(response.reason or NO_MESSAGE)
    try:
        body = dict(response.json())
        found = body["error"]
        errors = found.get("errors") or [{}]
        reason, said = errors[0].get("reason") or found.get("status") or "", found.get("message", "") or NO_MESSAGE
    except (json.JSONDecodeError, requests.exceptions.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        pass
    if response.status_code == 403 and not PER_MINUTE.search(said) and not API_DISABLED.search(said):
        error = PermissionMissing(attempt, 403, reason, said, body, permission_hint(permission, project))
        error.permission = error.details["permission"] = permission
        return error
    hint = CREDENTIALS_HINT if response.status_code == 401 else ""
    return ApiError(attempt, response.status_code, reason, said, body, hint)


def _passes(error: ApiError, repeatable: bool) -> bool:
    """Whether the same request may succeed later, and may be sent again.

    A quota of requests a minute is refused with 429, or with 403 and its own words (Terraform's error_retry_predicates.go); neither
    was carried out.  IAM's limit of keys is a 429 that is final: "Maximum number of keys on account reached.".
    """
    if error.status == 403:
        return PER_MINUTE.search(error.server_message) is not None
    if error.status == 429:
        return "Maximum number of keys" not in error.server_message
    return repeatable and error.status in RETRIED
