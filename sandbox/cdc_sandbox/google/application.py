"""The stand-in as a WSGI application: route, check, log in, permit, answer, check the answer, write it down."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from . import services
from .call import Call, Caller, Context
from .contract import discovery
from .contract.journal import Journal
from .contract.schema import Violation
from .control import Control, ControlError
from .errors import ApiError
from .iam import permissions, service_accounts
from .iam.tokens import Tokens
from .responses import as_json, not_found
from .token_endpoint import TokenEndpoint
from .types import Json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CREDENTIALS_HELP = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)

UNAVAILABLE = {
    429: "Resource has been exhausted (e.g. check quota).",
    500: "Internal error encountered.",
    502: "Bad Gateway",
    503: "The service is currently unavailable.",
}
"""Transient errors, by HTTP status code."""


class Application:
    """Serves Google's paths, `/token` and `/_sandbox/`.  Makes owner, viewer and the project at its first start."""

    def __init__(self, context: Context) -> None:
        service_accounts.bootstrap(context)
        self.context = context
        self.journal = Journal()
        self._directory = discovery.directory()
        self._handlers = services.handlers(context)
        unknown = self._handlers.keys() - (self._directory.ids & permissions.METHODS.keys())
        if unknown:
            raise LookupError(f"no discovery document or no permission for: {', '.join(sorted(unknown))}")
        endpoint = f"{context.settings.google_endpoint}/token"
        self._tokens = Tokens(context.state, {endpoint, "https://oauth2.googleapis.com/token"})
        self._token_endpoint = TokenEndpoint(context, self.journal, self._tokens)
        self._control = Control(context, self.journal, self._tokens, self._handlers.keys())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        data = request.get_data()
        if request.path.startswith("/_sandbox/"):
            return self._respond_control(request, data)
        if request.path == "/token" and request.method == "POST":
            return self._token_endpoint.respond(request)
        return _Exchange(self, request, data).respond()

    def _respond_control(self, request: Request, data: bytes) -> Response:
        try:
            body = json.loads(data) if data else {}
            if not isinstance(body, dict):
                raise ControlError("the body must be a JSON object")
            answer = self._control.answer(request.method, request.path.removeprefix("/_sandbox/"), body)
        except (ControlError, ValueError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": "no such endpoint"}, 404) if answer is None else as_json(answer, 200)

    def call(self, route: discovery.Route, call: Call) -> Json:
        """Let the service act; raises ApiError."""
        handler = self._handlers.get(route.method.id)
        if handler is None:
            raise ApiError(501, f"The sandbox does not serve {route.method.id}.")
        permissions.require(self.context, call.caller, route.method, call.parameters, call.query)
        self.context.delay(route.method.id)
        self._be_unavailable(route.method)
        answer = handler(call)
        if self.context.faults.take("connection_reset", route.method.id):
            raise ConnectionResetError("fault connection_reset")
        return answer

    def _be_unavailable(self, method: discovery.Method) -> None:
        fault = self.context.faults.take("unavailable", method.id)
        if fault is not None:
            code, wait = int(fault.options.get("code", 503)), fault.options.get("retry_after")
            raise ApiError(code, UNAVAILABLE[code], headers={} if wait is None else {"Retry-After": str(wait)})
        if self.context.faults.take("quota_exceeded", method.id):
            service = "sqladmin" if method.api == "sql" else method.api
            text = (
                f"Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service '{service}.googleapis.com' "
                f"for consumer 'project_number:{self.context.settings.project_number}'."
            )
            raise ApiError(403, text, reason="rateLimitExceeded")

    def route(self, method: str, path: str) -> discovery.Route | None:
        """The API method a request is for."""
        return self._directory.route(method, path)

    def caller(self, request: Request) -> Caller:
        """Who calls; raises ApiError 401."""
        header = request.headers.get("Authorization", "")
        token = header[7:] if header.lower().startswith("bearer ") else request.args.get("access_token", "")
        if not token:
            raise _unauthenticated("Request is missing required authentication credential.", "CREDENTIALS_MISSING")
        caller = self._tokens.caller(token.strip())
        if caller is None:
            raise _unauthenticated("Request had invalid authentication credentials.", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        return caller


class _Exchange:
    """One request to an API and its answer."""

    def __init__(self, application: Application, request: Request, data: bytes) -> None:
        self._application = application
        self._request = request
        self._data = data
        self._started = time.monotonic()
        # The path as it was sent: an encoded slash does not separate.
        self._path = str(request.environ.get("RAW_URI", request.path)).partition("?")[0]
        self._route = application.route(request.method, self._path)
        self._caller: Caller | None = None
        self._body: object = None

    def respond(self) -> Response:
        if self._route is None:
            self._violated("requests", [Violation("", f"no API has the method {self._request.method} {self._path}")])
            return self._finish(not_found(self._path), None)
        try:
            answer = self._act(self._route)
        except ApiError as error:
            answer = error.render(self._route.method.api)
            response = as_json(answer, error.code)
            response.headers.update(error.headers)
            return self._finish(response, answer)
        except ConnectionResetError:
            self._finish(Response(status=502), {"connection": "reset"})
            raise
        return self._finish(as_json(answer, 200), answer)

    def _act(self, route: discovery.Route) -> Json:
        """Check the request, let the service act, check its answer."""
        self._caller = self._application.caller(self._request)
        query = dict(self._request.args.lists())
        body = self._parse()
        report = route.method.check_request(body)
        violations = route.method.check_query(query).violations + report.violations
        self._violated("warnings", report.warnings)
        if violations:
            self._violated("requests", violations)
            raise _bad_request(violations)
        call = Call(route.method.id, route.method.version, route.parameters, query, body, self._caller, self._request.host_url.rstrip("/"))
        try:
            answer = self._application.call(route, call)
        except (ApiError, ConnectionResetError):
            raise
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._violated("answers", [Violation("", f"the stand-in failed: {type(error).__name__}: {error}")])
            raise ApiError(500, f"The stand-in failed: {type(error).__name__}; see its log.") from error
        violations = route.method.check_answer(answer).violations
        if violations:
            self._violated("answers", violations)
            raise ApiError(500, f"The stand-in's own answer is wrong: {'; '.join(one.message for one in violations)}")
        return answer

    def _parse(self) -> Json:
        if not self._data.strip():
            return {}
        try:
            self._body = json.loads(self._data)
        except ValueError as error:
            violation = Violation("", f"Invalid JSON payload received. {error}")
            self._violated("requests", [violation])
            raise _bad_request([violation]) from error
        if not isinstance(self._body, dict):
            violation = Violation("", "Invalid JSON payload received. Unknown name: Root element must be a message.")
            self._violated("requests", [violation])
            raise _bad_request([violation])
        return self._body

    def _violated(self, kind: str, violations: list[Violation]) -> None:
        method_id = self._route.method.id if self._route else ""
        self._application.journal.add_violations(kind, self._request.method, self._path, method_id, violations, self._body)

    def _finish(self, response: Response, answer: Json | None) -> Response:
        self._application.journal.add_request(
            {
                "method": self._request.method,
                "path": self._path,
                "query": {name: values for name, values in self._request.args.lists() if name != "access_token"},
                "method_id": self._route.method.id if self._route else None,
                "version": self._route.method.version if self._route else None,
                "caller": self._caller.email if self._caller else None,
                "body": self._body,
                "status": response.status_code,
                "answer": answer,
                "seconds": round(time.monotonic() - self._started, 4),
            }
        )
        return response


def _bad_request(violations: list[Violation]) -> ApiError:
    fields = [{"description": one.message} | ({"field": one.path.rpartition(".")[0] or one.path} if one.path else {}) for one in violations]
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields}]
    return ApiError(400, "\n".join(one.message for one in violations), status="INVALID_ARGUMENT", details=details)


def _unauthenticated(message: str, reason: str) -> ApiError:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    header = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return ApiError(
        401,
        f"{message} {CREDENTIALS_HELP}",
        reason="authError",
        status="UNAUTHENTICATED",
        details=[info],
        headers={"WWW-Authenticate": header},
    )
