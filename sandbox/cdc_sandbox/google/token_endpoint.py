"""`POST /token`: trades a signed JWT for an access token, with the faults that a test switches on for the method `token`."""

from __future__ import annotations

import time

from werkzeug.wrappers import Request, Response

from .call import Context
from .contract.journal import Journal
from .faults import TOKEN
from .iam.tokens import LoginError, Tokens
from .responses import as_json
from .types import Json

UNAVAILABLE = {429: "rate_limit_exceeded", 500: "internal_failure", 502: "server_error", 503: "temporarily_unavailable"}
"""Transient errors, by HTTP status code; google-auth knows them by these names too."""


class TokenEndpoint:
    """Answers requests, and writes each into the journal without its secrets."""

    def __init__(self, context: Context, journal: Journal, tokens: Tokens) -> None:
        self._context = context
        self._journal = journal
        self._tokens = tokens

    def respond(self, request: Request) -> Response:
        """The answer; raises ConnectionResetError for one that gets lost."""
        started = time.monotonic()
        self._context.delay(TOKEN)
        fault = self._context.faults.take("unavailable", TOKEN)
        headers: dict[str, str] = {}
        if fault is None:
            answer, status = self._exchange(request)
        else:
            status = int(fault.options.get("code", 503))
            answer = {"error": UNAVAILABLE[status], "error_description": "The service is currently unavailable."}
            if "retry_after" in fault.options:
                headers["Retry-After"] = str(fault.options["retry_after"])
        lost = fault is None and self._context.faults.take("connection_reset", TOKEN) is not None
        shown = {"token_type": answer["token_type"], "expires_in": answer["expires_in"]} if status == 200 else answer
        self._journal.add_request(
            {
                "method": "POST",
                "path": "/token",
                "query": {},
                "method_id": TOKEN,
                "version": "",
                "caller": None,
                "body": {"grant_type": request.form.get("grant_type", "")},
                "status": 502 if lost else status,
                "answer": {"connection": "reset"} if lost else shown,
                "seconds": round(time.monotonic() - started, 4),
            }
        )
        if lost:
            raise ConnectionResetError("fault connection_reset")
        response = as_json(answer, status)
        response.headers.update(headers)
        return response

    def _exchange(self, request: Request) -> tuple[Json, int]:
        try:
            return self._tokens.exchange(request.form.to_dict()), 200
        except LoginError as error:
            return error.body, 400
