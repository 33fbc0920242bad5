# SPDX-License-Identifier: GPL-3.0-or-later
"""One log-in for many threads: one token request, retries of a token server's hiccup, and no retry of a refusal."""

from __future__ import annotations

import datetime
import threading
import time
import typing as t

import google.auth.credentials
import google.auth.exceptions
import google.oauth2.credentials
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import auth
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import Login, LoginError
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import Client
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import GcpOptions, argument_spec


class Source(google.auth.credentials.Credentials):
    """Credentials whose token server answers with `answers`, one after the other: an error, or None for a token."""

    def __init__(self, answers: list[Exception | None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.answers = answers
        self.asked = 0

    def refresh(self, request: t.Any) -> None:
        self.asked += 1
        answer = self.answers.pop(0)
        time.sleep(0.02)
        if answer is not None:
            raise answer
        self.token = f"token-{self.asked}"
        self.expiry = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(hours=1)


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Callable[..., tuple[Login, Source]]:
    def made(*answers: Exception | None, **options: t.Any) -> tuple[Login, Source]:
        source = Source(list(answers))
        monkeypatch.setattr(auth, "credentials", lambda options: source)
        params = {name: spec.get("default") for name, spec in argument_spec().items()}
        return Login(GcpOptions.from_params({**params, "project": "demo", **options}), clock), source

    return made


def headers(login: Login) -> dict[str, str]:
    found: dict[str, str] = {}
    login.credentials.before_request(None, "GET", "https://x", found)
    return found


def test_many_threads_make_one_token_request(login: t.Any) -> None:
    shared, source = login(None)
    barrier, found = threading.Barrier(20), []

    def use() -> None:
        barrier.wait()
        found.append(headers(shared)["authorization"])

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Bearer token-1"] * 20
    assert source.asked == 1
    assert shared.credentials is shared.credentials


def test_threads_that_waited_share_a_failure_instead_of_trying_one_after_the_other(login: t.Any) -> None:
    shared, source = login(google.auth.exceptions.RefreshError("invalid_grant"), *[None] * 20)
    barrier, failures = threading.Barrier(20), []
    real = source.refresh

    def slow(request: t.Any) -> None:
        time.sleep(0.3)
        real(request)

    source.refresh = slow

    def use() -> None:
        barrier.wait()
        with pytest.raises(LoginError, match="invalid_grant"):
            shared.ensure_token("Reading x")
        failures.append(1)

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(failures), source.asked) == (20, 1)
    shared.ensure_token("Reading x")
    assert source.asked == 2, "a later caller tries again"


def test_a_quota_project_goes_with_each_request(monkeypatch: pytest.MonkeyPatch, login: t.Any) -> None:
    shared, _ = login()
    monkeypatch.setattr(auth, "credentials", lambda options: google.oauth2.credentials.Credentials("t", quota_project_id="billing"))
    assert headers(shared) == {"authorization": "Bearer t", "x-goog-user-project": "billing"}


def test_an_expired_token_is_refreshed(login: t.Any) -> None:
    shared, source = login(None, None)
    headers(shared)
    source.expiry = datetime.datetime(2000, 1, 1)
    assert headers(shared)["authorization"] == "Bearer token-2"


def test_a_refused_token_is_refreshed_once_for_all_that_saw_it_refused(login: t.Any) -> None:
    shared, source = login(None, None)
    headers(shared)
    threads = [threading.Thread(target=shared.credentials.refresh, args=(None,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.asked == 2


HICCUPS = [
    google.auth.exceptions.TransportError("connection reset"),
    google.auth.exceptions.RefreshError("overloaded", retryable=True),
    google.auth.exceptions.RefreshError("Unable to acquire impersonated credentials", '{"error": {"code": 503}}'),
]


@pytest.mark.parametrize("hiccup", HICCUPS, ids=["no answer", "overloaded", "impersonation"])
def test_a_hiccup_of_the_token_server_is_survived(login: t.Any, clock: t.Any, hiccup: Exception) -> None:
    shared, source = login(hiccup, hiccup, None)
    assert headers(shared)["authorization"] == "Bearer token-3"
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        google.auth.exceptions.RefreshError("invalid_grant: Invalid JWT Signature."),
        google.auth.exceptions.RefreshError("Unable to acquire impersonated credentials", '{"error": {"code": 403}}'),
        google.auth.exceptions.RefreshError("Unable to acquire impersonated credentials", "<html>"),
    ],
    ids=["bad key", "impersonation", "no JSON"],
)
def test_a_refusal_is_final(login: t.Any, clock: t.Any, refusal: Exception) -> None:
    shared, source = login(refusal)
    with pytest.raises(LoginError, match="Reading x: cannot log in to Google Cloud: "):
        shared.ensure_token("Reading x")
    assert (source.asked, clock.slept) == (1, [])


def test_a_token_server_that_stays_away_ends_within_the_budget(login: t.Any, clock: t.Any) -> None:
    shared, _ = login(*[google.auth.exceptions.TransportError("connection reset")] * 50, retry_timeout=30)
    with pytest.raises(LoginError, match="Reading x: cannot log in to Google Cloud: connection reset"):
        shared.ensure_token("Reading x")
    assert 10 <= clock.time <= 30


def test_one_session_is_made_for_all_threads(login: t.Any) -> None:
    shared, _ = login()
    client = Client(shared.options, login=shared)
    sessions: list[t.Any] = []
    threads = [threading.Thread(target=lambda: sessions.append(client._open())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, sessions))) == 1
