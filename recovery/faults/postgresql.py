# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of PostgreSQL and of the way to it, where nothing of the stream's own is lost."""

from __future__ import annotations

import os
import signal

import psycopg
from psycopg import sql

from tests.e2e.world import PASSWORDS

from ..pipeline import Pipeline, Recovery
from ..pod import alive, gone


def walsender_stopped(pipeline: Pipeline) -> Recovery:
    """The process that streams to the pod stands still for 20 seconds, as on an overloaded instance."""
    with pipeline.stopped(pipeline.database.walsender()):
        pipeline.hold(20)
    return Recovery("itself")


def walsender_terminated(pipeline: Pipeline) -> Recovery:
    """An administrator ends the replication connection by pg_terminate_backend (57P01, as in aiven/devportal#1426)."""
    java = pipeline.pod.java()
    pid = pipeline.database.walsender()
    assert pipeline.database.query("SELECT pg_terminate_backend(%s)", pid) == [(True,)]
    gone(pid)
    return _connected_again(pipeline, java)


def backend_killed(pipeline: Pipeline) -> Recovery:
    """The kernel kills one process of PostgreSQL, for want of memory: the server ends all sessions and recovers from its log."""
    java = pipeline.pod.java()
    pid = pipeline.database.walsender()
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    return _connected_again(pipeline, java)


def instance_restarted(pipeline: Pipeline) -> Recovery:
    """The instance is restarted by the API, as for a flag or in the maintenance window."""
    java = pipeline.pod.java()
    pid = pipeline.program(pipeline.database.server)
    pipeline.google.restart_instance()
    gone(pid)
    return _connected_again(pipeline, java)


def server_killed(pipeline: Pipeline) -> Recovery:
    """PostgreSQL dies without shutting down, as when its machine fails, and comes back from its log."""
    java = pipeline.pod.java()
    pipeline.kill(pipeline.database.server)
    pipeline.sandbox_up()
    return _connected_again(pipeline, java)


def database_unreachable(pipeline: Pipeline) -> Recovery:
    """The network between pod and instance drops all packets for 20 seconds."""
    address = pipeline.database.address
    pipeline.pod.network("iptables", "-A", "OUTPUT", "-d", address, "-j", "DROP")
    try:
        pipeline.hold(20)
    finally:
        pipeline.pod.network("iptables", "-D", "OUTPUT", "-d", address, "-j", "DROP")
    return Recovery("itself")


def password_changed(pipeline: Pipeline) -> Recovery:
    """Somebody changes the replication user's password in the console; the next connection of the pod is refused."""
    user, password = pipeline.names["cdc_replication_user"], "changed by hand"
    pipeline.google.set_password(user, password)
    assert _logs_in(pipeline, user, password)
    pid = pipeline.database.walsender()
    pipeline.database.query("SELECT pg_terminate_backend(%s)", pid)
    gone(pid)
    pipeline.hold(10)
    pipeline.site()
    assert _logs_in(pipeline, user, PASSWORDS["CDC_REPLICATION_PASSWORD"])
    return Recovery("site.yml: the password")


def select_revoked(pipeline: Pipeline) -> Recovery:
    """SELECT on the tables is revoked, and the pod restarts.

    It streams, for streaming reads no table; a pod that took a new snapshot would fail here (Materialize's test/pg-cdc-resumption).
    """
    user = sql.Identifier(pipeline.names["cdc_replication_user"])
    pipeline.database.query(sql.SQL("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {}").format(user))
    query = "SELECT has_table_privilege(%s, 'public.orders', 'SELECT')"
    assert pipeline.database.query(query, pipeline.names["cdc_replication_user"]) == [(False,)]
    pid = pipeline.pod.java()
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    pipeline.flows()
    pipeline.site()
    assert pipeline.database.query(query, pipeline.names["cdc_replication_user"]) == [(True,)]
    return Recovery("kubelet, without a snapshot; site.yml: the grant")


def offset_grants_revoked(pipeline: Pipeline) -> Recovery:
    """The replication user may not write its offsets any more."""
    user = sql.Identifier(pipeline.names["cdc_replication_user"])
    pipeline.database.query(sql.SQL("REVOKE ALL ON {} FROM {}").format(pipeline.database.offset_table, user))
    pid = pipeline.pod.java()
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    pipeline.hold(10)
    pipeline.site()
    return Recovery("site.yml: the grant")


def offset_table_dropped(pipeline: Pipeline) -> Recovery:
    """The table of the offsets is dropped while the pod streams, and is there again before the pod restarts."""
    pipeline.site()  # Nothing else is to be rolled out: a run that restarts the pod must refuse then.
    uid = pipeline.pod.uid
    pipeline.database.drop_offset_table()
    pipeline.site()
    assert pipeline.database.offset_table_exists()
    return Recovery("site.yml: the table, and the pod saves its offsets again" if pipeline.pod.uid == uid else "site.yml: the table")


def _connected_again(pipeline: Pipeline, java: int) -> Recovery:
    """Debezium tries again in its process, or ends it: errors.max.retries."""
    pipeline.flows()
    return Recovery("Debezium: connects again" if alive(java) else "kubelet: the container starts again")


def _logs_in(pipeline: Pipeline, user: str, password: str) -> bool:
    """Whether PostgreSQL takes this password."""
    try:
        psycopg.connect(
            host=pipeline.database.address,
            dbname=pipeline.names["cdc_database"],
            user=user,
            password=password,
            sslmode="require",
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError:
        return False
    return True
