# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the PostgreSQL modules against a real PostgreSQL 16 with Cloud SQL's roles, TLS, and no superuser to be had.

The server is the sandbox's; it is started once, on a loopback address of its own, and each test gets a database of its own in it.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import tempfile
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import Sessions
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import ServerOptions
from ansible_collections.cdc.gcp.tests.unit.conftest import RunModule, run_module  # noqa: F401 - a fixture, used by its name
from cdc_sandbox import settings
from cdc_sandbox.postgresql import roles
from cdc_sandbox.postgresql.cluster import Cluster, Definition

ADMIN, OWNER, USER = "postgres", "app", "debezium"
PASSWORD = "right"
"""Password of every role but the replication user's."""

DEFAULTS: dict[str, t.Any] = {"ssl_mode": "verify-ca", "connect_timeout": 10, "server_exists": True, "login_exists": True}
"""What the modules' argument specifications add to `Server.options`."""

PRIVATE, PUBLIC = "127.87.1", "127.87.2"
"""Networks of the server's addresses: no other test and no sandbox uses them."""


@contextlib.contextmanager
def reading(server: Server, slot: str, user: str = ADMIN, password: str = PASSWORD) -> Iterator[None]:
    """A session of `user` that holds a replication slot, as Debezium's does; a temporary one of its own."""
    host = server.cluster.addresses()["PRIMARY"]
    parameters = psycopg.conninfo.make_conninfo(
        host=host, port=server.cluster.port, dbname=server.database, user=user, password=password, replication="database"
    )
    stream = psycopg.pq.PGconn.connect(parameters.encode())
    try:
        assert stream.status == psycopg.pq.ConnStatus.OK, stream.error_message
        created = stream.exec_(f"CREATE_REPLICATION_SLOT {slot} TEMPORARY LOGICAL pgoutput".encode())
        assert created.status == psycopg.pq.ExecStatus.TUPLES_OK, created.error_message
        yield
    finally:
        stream.exec_(f"DROP_REPLICATION_SLOT {slot}".encode())
        stream.finish()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster.  Its folder must be one that PostgreSQL's own user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="cdc-gcp-test-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind((f"{PUBLIC}.1", 0))
        port = free.getsockname()[1]
    own = settings.Settings(folder, settings.load().cache, private_instance_network=PRIVATE, public_instance_network=PUBLIC)
    made = Cluster(own, "test", port)
    try:
        made.create(Definition(1, "demo-project:test", flags={"cloudsql.logical_decoding": "on", "log_statement": "all"}))
        with made.connect() as connection:
            connection.execute("ALTER ROLE postgres PASSWORD 'right'")
        yield made
    finally:
        made.remove()
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Server:
    """A database of the cluster, as the API makes it, with the user `app` who owns the tables.

    app is the API's user (a member of cloudsqlsuperuser), as in the sandbox and in the cloud.
    """

    cluster: Cluster
    database: str
    run: RunModule

    @property
    def options(self) -> dict[str, t.Any]:
        """The shared options of the modules."""
        return {
            "login_host": self.cluster.addresses()["PRIMARY"],
            "login_port": self.cluster.port,
            "login_db": self.database,
            "login_user": OWNER,
            "login_password": PASSWORD,
            "ca_certificate": self.cluster.server_ca,
        }

    def server_options(self, sessions: Sessions | None = None) -> ServerOptions:
        """The shared options as the module utilities take them."""
        return ServerOptions.from_params({**DEFAULTS, **self.options}, False, sessions)

    def module(self, module: ModuleType, check: bool = False, **params: t.Any) -> dict[str, t.Any]:
        """Run a module; what is None in `params` takes the option away."""
        options = {**self.options, **params}
        return self.run(module, check=check, **{name: value for name, value in options.items() if value is not None})

    def actions(self, module: ModuleType, check: bool = False, **params: t.Any) -> list[str]:
        """Run a module that must not fail; what it did."""
        result = self.module(module, check, **params)
        assert not result.get("failed"), result["msg"]
        actions: list[str] = result["actions"]
        return actions

    def sql(self, statement: t.LiteralString, user: str | None = OWNER, password: str = PASSWORD) -> list[tuple[t.Any, ...]]:
        """Execute SQL as `user`; None is Cloud SQL's own superuser."""
        with self.connect(user, password) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def connect(self, user: str | None = OWNER, password: str = PASSWORD) -> Iterator[psycopg.Connection[tuple[t.Any, ...]]]:
        if user is None:
            connection = self.cluster.connect(self.database)
        else:
            host = self.cluster.addresses()["PRIMARY"]
            connection = psycopg.connect(
                host=host, port=self.cluster.port, dbname=self.database, user=user, password=password, autocommit=True
            )
        with contextlib.closing(connection):
            yield connection


@pytest.fixture
def server(cluster: Cluster, run_module: RunModule) -> Iterator[Server]:  # noqa: F811 - pytest hands the fixture in by its name
    """A fresh database and a fresh owner; all that a test made is gone afterwards."""
    database = f"shop_{secrets.token_hex(4)}"
    with cluster.connect() as connection:
        before = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        roles.create_user(connection, OWNER, None)
        connection.execute("ALTER ROLE app PASSWORD 'right'")
        roles.create_database(connection, database)
    yield Server(cluster, database, run_module)
    with cluster.connect() as connection:
        connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active")
        connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(database)))
        for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall():
            if name not in before:
                connection.execute(psycopg.sql.SQL("DROP OWNED BY {0}").format(psycopg.sql.Identifier(name)))
                connection.execute(psycopg.sql.SQL("DROP ROLE {0}").format(psycopg.sql.Identifier(name)))


@pytest.fixture
def orders(server: Server) -> Server:
    """The server with two tables of the owner's: public.orders and public."Order Lines"."""
    server.sql("CREATE SCHEMA shop")
    server.sql("CREATE TABLE shop.orders (id int PRIMARY KEY, note text)")
    server.sql('CREATE TABLE shop."Order Lines" (id int PRIMARY KEY)')
    return server
