"""A stand-in for Google's APIs in the test's own process: a free port and a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cdc_sandbox.settings import Settings
from standin_client import StandIn, free_port, running


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One server for the tests of a file.  At the end, none of its own answers may have broken Google's contract."""
    folder = tmp_path_factory.mktemp("standin")
    settings = Settings(
        state=folder / "state",
        cache=folder / "cache",
        google_port=free_port(),
        # An instance that should have been refused must not take an address of a running sandbox.
        private_instance_network="127.78.1",
        public_instance_network="127.78.2",
    )
    with running(settings) as served:
        yield served


@pytest.fixture(autouse=True)
def _no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    if "standin" in request.fixturenames:
        request.getfixturevalue("standin").context.faults.clear()
