# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials from the shared options.  PRIVATE to the collection."""

from __future__ import annotations

import functools
import json
import re
import threading
import typing as t

from .._reconcile.engine import Library
from .._reconcile.errors import InvalidInput, ReconcileError
from .._reconcile.retry import Transient, retry
from .._reconcile.wait import Clock
from .options import ENDPOINTS, GcpOptions

try:
    import google.auth
    import google.auth.compute_engine
    import google.auth.exceptions
    import google.auth.impersonated_credentials
    import google.oauth2.credentials
    import google.oauth2.service_account
    from google.auth.credentials import Credentials as _Credentials

    _ERROR: ImportError | None = None
except ImportError as error:
    _Credentials = object  # type: ignore[assignment, misc]
    _ERROR = error

try:
    import google.auth.transport.requests
    import requests
except ImportError:
    pass  # client.REQUESTS reports it

GOOGLE_AUTH = Library("google-auth", _ERROR)


class LoginError(ReconcileError):
    """No credentials could be made of the options, or Google refused them."""


class _Shared(_Credentials):
    """`inner` for several threads: applies its token, and refreshes it in one thread at a time."""

    def __init__(self, inner: t.Any, refresh: t.Callable[[t.Callable[[t.Any], None]], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._refresh = refresh
        self._refreshing = threading.Lock()
        self._refreshes = 0
        self._failure: Exception | None = None

    @property
    def valid(self) -> bool:
        return bool(self._inner.valid)

    @property
    def expired(self) -> bool:
        return bool(self._inner.expired)

    @property
    def universe_domain(self) -> str:
        return str(self._inner.universe_domain)

    def ensure(self) -> None:
        """Refresh unless the token is valid.  Threads that wait for another one's refresh share its token, or its failure."""
        if self.valid:
            return
        before = self._refreshes
        with self._refreshing:
            if self.valid:
                return
            if self._refreshes != before and self._failure is not None:
                raise self._failure
            self._refresh_now()

    def refresh(self, request: t.Any) -> None:
        """Called after a 401: the token is refused although it looks valid."""
        refused = self._inner.token
        with self._refreshing:
            if self._inner.token == refused:
                self._refresh_now()

    def _refresh_now(self) -> None:
        self._failure = None
        try:
            self._refresh(self._inner.refresh)
        except google.auth.exceptions.GoogleAuthError as failure:
            self._failure = failure
            raise
        finally:
            self._refreshes += 1

    def before_request(self, request: t.Any, method: str, url: str, headers: t.Any) -> None:
        self.ensure()
        self._inner.apply(headers)


class Login:
    """One log-in for everything that one run asks of Google, usable from any number of threads.

    However many threads need a token at the same time, one request is made for it.  A token server that does not answer, or says
    that it is overloaded, is asked again within `retry_timeout`; a refusal ends the run at once.
    """

    def __init__(self, options: GcpOptions, clock: Clock | None = None) -> None:
        self.options = options
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._shared: t.Any = None

    @property
    def credentials(self) -> t.Any:
        """google-auth credentials; the same object each time.  Raises LoginError when the options make none."""
        with self._lock:
            if self._shared is None:
                self._shared = _Shared(credentials(self.options), self.refresh)
            return self._shared

    def ensure_token(self, attempt: str) -> None:
        """Make sure that there is a valid token, in this thread.  Raises LoginError; attempt: what the token is needed for."""
        try:
            self.credentials.ensure()
        except google.auth.exceptions.GoogleAuthError as failure:
            raise login_error(attempt, failure) from failure

    def refresh(self, refresh: t.Callable[[t.Any], None]) -> None:
        """Call `refresh` with a transport until it has a token.  Raises what google-auth raised last."""

        def send(left: float) -> None:
            with requests.Session() as session:
                transport = google.auth.transport.requests.Request(session)
                timeout = max(1.0, min(self.options.request_timeout, left))
                try:
                    refresh(functools.partial(transport, timeout=timeout, verify=self.options.ca_certificate_file))
                except google.auth.exceptions.GoogleAuthError as failure:
                    if _may_pass(failure):
                        raise Transient(failure) from failure.__cause__
                    raise

        retry(send, self.options.retry_timeout, self._clock)


def login_error(attempt: str, failure: Exception) -> LoginError:
    """What google-auth raised, as one message."""
    return LoginError(f"{attempt}: cannot log in to Google Cloud: {_login_cause(failure)}")


def connection_cause(failure: Exception) -> str:
    """The operating system's words ("Connection refused") where there are some, else the kind of failure."""
    if isinstance(failure, requests.exceptions.Timeout):
        return "timeout"
    found = re.search(r"\[Errno -?\d+\] ([A-Za-z ]+)", str(failure))
    return found[1].strip() if found else type(failure).__name__


def _login_cause(failure: Exception) -> str:
    """google-auth's own words, but for a token server that gives no answer, where they are a Python object's."""
    lost = failure.__cause__
    if not isinstance(lost, requests.exceptions.RequestException) or lost.request is None:
        return str(failure)
    return f"no answer from {lost.request.url} ({connection_cause(lost)}). Check the network, and token_uri in the credentials."


def _may_pass(failure: t.Any) -> bool:
    """Whether the token server may give a token later: it did not answer, or it answered that it is overloaded."""
    if isinstance(failure, google.auth.exceptions.TransportError) or failure.retryable:
        return True
    # Of an impersonated account's refusal google-auth keeps only the body.
    try:
        code = json.loads(failure.args[1])["error"]["code"]
    except (IndexError, KeyError, TypeError, ValueError):
        return False
    return code in (429, 500, 502, 503, 504)


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
