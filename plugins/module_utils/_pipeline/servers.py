# SPDX-License-Identifier: GPL-3.0-or-later
"""How the nodes of one run reach the instance's PostgreSQL.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._cloudsql.connect import PORT
from .._postgresql.connection import Sessions
from .._postgresql.options import Login, ServerOptions
from .._reconcile.graph import Known
from . import context
from .context import Context
from .pipeline import Pipeline

CONNECT_TIMEOUT = 10


class Servers:
    """How to reach the server, with one set of sessions for as long as the instance stays as it was read."""

    def __init__(self, run: Context) -> None:
        self._run = run
        self._facts: t.Any = None
        self._sessions: Sessions = run.connections.sessions()

    def options(self, known: Known) -> ServerOptions:
        facts = known.facts(context.INSTANCE)
        if self._facts is not None and facts is not self._facts:
            self._sessions.close()  # the instance was created or changed, and may have restarted
        self._facts = facts
        pipeline = self._run.pipeline
        host = context.address(known)
        exists = not any(known.missing(name) for name in (context.INSTANCE, context.DATABASE, context.APPLICATION_USER))
        return ServerOptions(
            host=host,
            port=PORT,
            database=pipeline["cdc_database"],
            ssl_mode=pipeline["cdc_ssl_mode"],
            ca_certificate=facts.get("server_ca_certificate"),
            connect_timeout=CONNECT_TIMEOUT,
            server_exists=exists and host is not None,
            login_exists=True,
            # What this run will have made by then: the role to grant to, logical decoding of an instance that restarts for it.
            absent_allowed=any((known.missing(context.REPLICATION_USER), known.changing(context.INSTANCE), known.changing(context.FLAGS))),
            sessions=self._sessions,
        )


def owner(pipeline: Pipeline) -> Login:
    """The application's user, who owns the captured tables."""
    return Login(pipeline["cloudsql_user"], pipeline["cloudsql_user_password"])


def replication_user(pipeline: Pipeline) -> Login:
    """Debezium's own user."""
    return Login(pipeline["cdc_replication_user"], pipeline["cdc_replication_password"])
