# SPDX-License-Identifier: GPL-3.0-or-later
"""Kept connections against a real PostgreSQL 16: one log-in a role for a whole plan, also when the server ends the session."""

from __future__ import annotations

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import DatabaseError, Sessions, password_works, session
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import Login, ServerOptions, login
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.publication import Publication
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import reconcile
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.secret import Secret

from .conftest import DEFAULTS, OWNER, Server

END_SESSIONS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app' AND application_name = 'cdc.gcp'"
    " AND datname = current_database()"
)


def process(given: ServerOptions, who: Login) -> int:
    """The server's process that serves the session."""
    with session(given, who) as connection:
        row = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()
    assert row
    return int(row["pid"])


def test_one_process_serves_until_the_server_ends_it(server: Server) -> None:
    who = login(server.options)
    with Sessions() as sessions:
        first = process(server.server_options(sessions), who)
        assert process(server.server_options(sessions), who) == first
        assert server.sql(END_SESSIONS, user=None) == [(True,)]
        second = process(server.server_options(sessions), who)
        assert second != first
    assert server.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'cdc.gcp' AND datname = current_database()", user=None) == []


def test_a_failed_statement_does_not_spoil_the_session(server: Server) -> None:
    who = login(server.options)

    def fail(given: ServerOptions) -> None:
        with session(given, who) as connection, connection.transaction():
            connection.execute("SELECT nothing FROM nowhere")

    with Sessions() as sessions:
        first = process(server.server_options(sessions), who)
        with pytest.raises(DatabaseError, match="nowhere"):
            fail(server.server_options(sessions))
        assert process(server.server_options(sessions), who) == first


def test_the_password_is_tried_by_a_login_of_its_own(server: Server) -> None:
    with Sessions() as sessions:
        assert password_works(server.server_options(sessions), Login(OWNER, Secret("right")))
        assert not password_works(server.server_options(sessions), Login(OWNER, Secret("wrong")))


def test_a_resource_reads_and_applies_over_kept_connections(orders: Server) -> None:
    params = {
        **DEFAULTS,
        **orders.options,
        "name": "dbz",
        "tables": ["shop.orders"],
        "state": "present",
        "exact": False,
        "ignore_slots": [],
        "replication_user": None,
        "keyless_partitioned_tables": [],
    }
    with Sessions() as sessions:
        publication = Publication.from_params(params, False, sessions)
        assert reconcile(publication, check_mode=False).changed
        assert not reconcile(publication, check_mode=False).changed
        assert len(sessions._kept) == 1
