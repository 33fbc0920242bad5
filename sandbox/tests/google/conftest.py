"""A stand-in for Google's APIs in the test's own process: a free port and a temporary folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from cdc_sandbox.google import server
from cdc_sandbox.settings import Settings
from standin_client import StandIn, free_port


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One server for the tests of a file.  At the end, none of its own answers may have broken Google's contract."""
    folder = tmp_path_factory.mktemp("standin")
    settings = Settings(state=folder / "state", cache=folder / "cache", google_port=free_port())
    listener, application = server.make(settings)
    thread = threading.Thread(target=listener.serve_forever, name="stand-in")
    thread.start()
    try:
        yield StandIn(settings, application)
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        for function in application.context.on_stop:
            function()
    assert application.journal.violations()["answers"] == []


@pytest.fixture(autouse=True)
def _no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    if "standin" in request.fixturenames:
        request.getfixturevalue("standin").context.faults.clear()
