"""A real PostgreSQL cluster for the tests of this folder, on loopback addresses that nothing else uses."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cdc_sandbox import settings as sandbox_settings
from cdc_sandbox.postgresql import roles
from cdc_sandbox.postgresql.cluster import Cluster, Definition, stop_all
from cdc_sandbox.settings import Settings
from postgresql_client import PASSWORD


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A state folder that PostgreSQL's user may enter (pytest's own are closed to it), and the usual cache."""
    folder = Path(tempfile.mkdtemp(prefix="cdc-postgresql-"))
    folder.chmod(0o755)
    made = Settings(
        state=folder / "state",
        cache=sandbox_settings.load().cache,
        private_instance_network="127.78.1",
        public_instance_network="127.78.2",
    )
    made.state.mkdir()
    try:
        yield made
    finally:
        stop_all(made)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cluster(settings: Settings) -> Cluster:
    """One running cluster; the password of `postgres` is set, and an API user `app` is there."""
    made = Cluster(settings, "orders")
    made.create(Definition(1, "demo-project:orders", private=True, public=True))
    with made.connect() as connection:
        roles.set_password(connection, "postgres", PASSWORD)
        roles.create_user(connection, "app", "made-up-of-app")
    return made
