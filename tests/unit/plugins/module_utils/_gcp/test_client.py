# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway: which answers are tried again, how long, and what a person reads when it gives up."""

from __future__ import annotations

import typing as t

import google.auth.exceptions
import pytest
import requests
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import LoginError
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import ApiError, Client, LostAnswer, PermissionMissing
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import ENDPOINTS, GcpOptions, argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput, ReconcileError

URL = "https://sqladmin.googleapis.com/x"


def options(**changed: t.Any) -> GcpOptions:
    params = {name: spec.get("default") for name, spec in argument_spec().items()}
    return GcpOptions.from_params({**params, "project": "demo", **changed})


def call(session: t.Any, clock: t.Any, **rest: t.Any) -> dict[str, t.Any]:
    return Client(options(), session, clock).call("Reading x", "sql.x.get", "GET", "sql_endpoint", "/x", **rest)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_error_is_tried_again(session: t.Any, clock: t.Any, status: int) -> None:
    session.expect("GET", URL, status=status).expect("GET", URL, answer={"a": 1})
    assert call(session, clock) == {"a": 1}
    assert len(clock.slept) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
def test_a_final_error_is_not_tried_again(session: t.Any, clock: t.Any, status: int) -> None:
    session.expect("GET", URL, status=status, answer={"error": {"code": status, "message": "no", "status": "WORD"}})
    with pytest.raises(ApiError) as caught:
        call(session, clock)
    assert (caught.value.status, caught.value.reason, caught.value.server_message) == (status, "WORD", "no")
    assert caught.value.message.startswith(f"Reading x failed with HTTP {status} WORD: no")


def test_retry_after_is_honoured(session: t.Any, clock: t.Any) -> None:
    session.expect("GET", URL, status=503, headers={"Retry-After": "7"}).expect("GET", URL)
    call(session, clock)
    assert clock.slept == [7.0]


def test_it_gives_up_when_the_budget_is_spent(session: t.Any, clock: t.Any) -> None:
    session.expect("GET", URL, status=503, headers={"Retry-After": "80"}).expect("GET", URL, status=503, headers={"Retry-After": "80"})
    with pytest.raises(ApiError):
        call(session, clock)
    assert clock.slept == [80.0]


def test_a_lost_connection_is_tried_again(session: t.Any, clock: t.Any) -> None:
    session.expect("GET", URL, error=requests.exceptions.ConnectionError("reset")).expect("GET", URL, answer={"a": 1})
    assert call(session, clock) == {"a": 1}


def test_an_unreachable_endpoint_is_one_sentence_that_names_the_option(session: t.Any, clock: t.Any) -> None:
    for _attempt in range(40):
        session.expect("GET", URL, error=requests.exceptions.ConnectionError("refused"))
    with pytest.raises(ReconcileError, match="Check the network and sql_endpoint"):
        call(session, clock)
    session.expected.clear()


def test_a_silent_endpoint_ends_within_the_budget(clock: t.Any) -> None:
    class Silent:
        """Never answers: each request takes as long as it may."""

        def request(self, *_: t.Any, timeout: float, **__: t.Any) -> t.NoReturn:
            clock.sleep(timeout)
            raise requests.exceptions.ReadTimeout

    started = clock.now()
    with pytest.raises(ReconcileError, match=r"no answer from .* \(timeout\)"):
        Client(options(retry_timeout=90, request_timeout=30), Silent(), clock).call(
            "Reading x", "sql.x.get", "GET", "sql_endpoint", "/v1/x"
        )
    assert 80 <= clock.now() - started <= 91


def test_a_token_server_that_does_not_answer_is_one_sentence(clock: t.Any) -> None:
    class TokenServerDown:
        def request(self, *_: t.Any, **__: t.Any) -> t.NoReturn:
            request = requests.Request("POST", "https://tokens.example.com/token").prepare()
            lost = requests.exceptions.ConnectionError("HTTPSConnectionPool(...): [Errno 111] Connection refused", request=request)
            raise google.auth.exceptions.TransportError(lost) from lost

    with pytest.raises(LoginError) as caught:
        Client(options(), TokenServerDown(), clock).call("Reading x", "sql.x.get", "GET", "sql_endpoint", "/v1/x")
    assert caught.value.message == (
        "Reading x: cannot log in to Google Cloud: no answer from https://tokens.example.com/token (Connection refused). "
        "Check the network, and token_uri in the credentials."
    )


@pytest.mark.parametrize("status", [500, 503])
def test_what_creates_anew_each_time_is_not_repeated(session: t.Any, clock: t.Any, status: int) -> None:
    session.expect("GET", URL, status=status)
    with pytest.raises(ApiError):
        call(session, clock, repeatable=False)


def test_a_lost_answer_of_what_creates_anew_is_said(session: t.Any, clock: t.Any) -> None:
    session.expect("GET", URL, error=requests.exceptions.ConnectionError("reset"))
    with pytest.raises(LostAnswer):
        call(session, clock, repeatable=False)


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_quota_of_requests_a_minute_passes_though_it_is_a_403(session: t.Any, clock: t.Any, repeatable: bool) -> None:
    text = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'sqladmin.googleapis.com'."
    session.expect("GET", URL, status=403, answer={"error": {"code": 403, "message": text}}).expect("GET", URL, answer={"a": 1})
    assert call(session, clock, repeatable=repeatable) == {"a": 1}


def test_the_key_limit_is_final_although_it_is_a_429(session: t.Any, clock: t.Any) -> None:
    answer = {"error": {"code": 429, "message": "Maximum number of keys on account reached.", "status": "RESOURCE_EXHAUSTED"}}
    session.expect("GET", URL, status=429, answer=answer)
    with pytest.raises(ApiError, match="Maximum number of keys"):
        call(session, clock)


def test_an_error_never_repeats_the_body_that_was_sent(session: t.Any, clock: t.Any) -> None:
    session.expect("GET", URL, body={"password": "hunter2"}, status=400, answer=b"<html>nginx</html>")
    with pytest.raises(ApiError) as caught:
        call(session, clock, body={"password": "hunter2"})
    assert "hunter2" not in caught.value.message + str(caught.value.details)


@pytest.mark.parametrize("value", ["sqladmin.googleapis.com", "https://host/v1", "ftp://host/"])
def test_an_endpoint_must_be_a_root_url(value: str) -> None:
    with pytest.raises(InvalidInput, match="sql_endpoint must be a root URL"):
        options(sql_endpoint=value)


def test_every_endpoint_has_an_option() -> None:
    assert set(ENDPOINTS) <= set(argument_spec())


FORBIDDEN = {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}


@pytest.mark.parametrize("said", ["The caller does not have permission", "The caller does not have permission."])
def test_a_missing_permission_is_named_once_after_the_servers_words(session: t.Any, clock: t.Any, said: str) -> None:
    session.expect("GET", URL, status=403, answer={"error": {**FORBIDDEN["error"], "message": said}})
    with pytest.raises(PermissionMissing) as caught:
        call(session, clock)
    assert caught.value.message == (
        "Reading x failed with HTTP 403 PERMISSION_DENIED: The caller does not have permission. "
        "The account that runs this needs the permission sql.x.get in project demo; check the project's name too."
    )
    assert caught.value.details["permission"] == "sql.x.get"


@pytest.mark.parametrize(
    "said",
    [
        "Cloud SQL Admin API has not been used in project 1 before or it is disabled. Enable it by visiting https://x",
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'sqladmin.googleapis.com'.",
    ],
    ids=["API disabled", "quota"],
)
def test_a_403_that_is_not_about_permissions_names_none(session: t.Any, clock: t.Any, said: str) -> None:
    for _ in range(40):
        session.expect("GET", URL, status=403, answer={"error": {"code": 403, "message": said}})
    with pytest.raises(ApiError) as caught:
        call(session, clock)
    assert "needs the permission" not in caught.value.message
    session.expected.clear()
