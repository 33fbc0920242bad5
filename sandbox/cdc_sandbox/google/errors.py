"""The error that a handler raises, and how Google's front end writes it as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from .types import Json

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}
"""google.rpc.Code that a HTTP code stands for when a handler names none."""

REASON = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    429: "rateLimitExceeded",
    500: "internalError",
    502: "backendError",
    503: "backendError",
}
"""The older `errors[].reason` that a HTTP code stands for when a handler names none."""


class ApiError(Exception):
    """A refusal, as a caller sees it.

    code: HTTP status code.
    message: Google's text.
    reason: `errors[].reason`, such as "instanceDoesNotExist"; Cloud SQL always has one (derived from the code by default), other
        services only when it is named.
    status: google.rpc.Code such as "FAILED_PRECONDITION"; derived from the code by default, and left out by Cloud SQL unless named.
    details: google.rpc messages, each with "@type".
    headers: HTTP headers of the answer, such as Retry-After.
    location: `errors[].location`, the HTTP header of the request that is wrong, such as "If-Match".
    """

    def __init__(
        self,
        code: int,
        message: str,
        reason: str | None = None,
        status: str | None = None,
        details: Sequence[Json] = (),
        headers: dict[str, str] | None = None,
        location: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.status = status
        self.details = list(details)
        self.headers = dict(headers or {})
        self.location = location

    def render(self, api: str) -> Json:
        """The answer's body.  api: "sql", "iam", "cloudresourcemanager" or "servicenetworking"."""
        error: Json = {"code": self.code, "message": self.message}
        if api == "sql" or self.reason:
            reason = self.reason or REASON.get(self.code, "invalid")
            place = {"location": self.location, "locationType": "header"} if self.location else {}
            error["errors"] = [{"message": self.message, "domain": "global", "reason": reason, **place}]
        if api != "sql" or self.status:
            error["status"] = self.status or STATUS.get(self.code, "UNKNOWN")
        if self.details:
            error["details"] = self.details
        return {"error": error}
