# SPDX-License-Identifier: GPL-3.0-or-later
"""What every unit test of the collection uses: running a module in this process, and a server that is a list of expectations."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

import pytest
import requests
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.wait import Clock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files from what the code makes")


class FakeClock(Clock):
    """A clock whose sleeping takes no time; `slept` tells how long it was asked to."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []
        super().__init__(now=lambda: self.time, sleep=self._sleep)

    def __setattr__(self, name: str, value: t.Any) -> None:
        object.__setattr__(self, name, value)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@dataclass
class Expected:
    """One request that must come next, and its answer."""

    method: str
    url: str
    query: dict[str, t.Any] | None = None
    body: t.Any = None
    status: int = 200
    answer: t.Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None


class FakeSession:
    """Stands where google-auth's AuthorizedSession stands, and asserts each request of a run, in order."""

    def __init__(self) -> None:
        self.expected: list[Expected] = []

    def expect(self, method: str, url: str, **rest: t.Any) -> FakeSession:
        """The next request: method, url, and optionally query, body; then status, answer, headers, or error to raise."""
        self.expected.append(Expected(method, url, **rest))
        return self

    def request(
        self,
        method: str,
        url: str,
        params: t.Any = None,
        json: t.Any = None,
        timeout: t.Any = None,
        headers: t.Any = None,
        verify: t.Any = None,
    ) -> t.Any:
        assert self.expected, f"unexpected request: {method} {url} {json}"
        expected = self.expected.pop(0)
        assert (method, url) == (expected.method, expected.url)
        assert (params or None) == expected.query
        assert json == expected.body
        assert timeout, "every request has a deadline"
        if expected.error is not None:
            raise expected.error
        return _response(expected)

    def assert_done(self) -> None:
        assert not self.expected, f"requests that never came: {self.expected}"


def _response(expected: Expected) -> requests.Response:
    response = requests.Response()
    response.status_code = expected.status
    response.headers.update(expected.headers)
    response._content = expected.answer if isinstance(expected.answer, bytes) else json.dumps(expected.answer).encode()
    return response


@pytest.fixture
def session() -> t.Iterator[FakeSession]:
    """The fake session; at the end every expected request must have come."""
    fake = FakeSession()
    yield fake
    fake.assert_done()


class ModuleEnded(Exception):
    """A module called exit_json or fail_json."""


class RunModule(t.Protocol):
    def __call__(self, module: t.Any, *, check: bool = False, **params: t.Any) -> dict[str, t.Any]: ...


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch) -> RunModule:
    """Call `run_module(the_module, check=False, **options)`: runs its main() with diff mode on and gives back its result.

    A failed run has `failed: True`.  Warnings are under `warnings`.
    """

    def run(module: t.Any, *, check: bool = False, **params: t.Any) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {}
        warnings: list[str] = []

        def exit_json(self: t.Any, **values: t.Any) -> t.NoReturn:
            result.update(values)
            raise ModuleEnded

        def fail_json(self: t.Any, msg: str, **values: t.Any) -> t.NoReturn:
            result.update(values, failed=True, msg=msg)
            raise ModuleEnded

        monkeypatch.setattr(basic.AnsibleModule, "exit_json", exit_json)
        monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail_json)
        monkeypatch.setattr(basic.AnsibleModule, "warn", lambda self, text, **rest: warnings.append(text))
        options = {**params, "_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args(options), pytest.raises(ModuleEnded):
            module.main()
        return {**result, "warnings": warnings}

    return run
