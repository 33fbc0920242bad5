# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the part `cloudsql`: the instance, and what is inside its server.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial

from .._cloudsql.api import SqlAdmin
from .._cloudsql.connect import PORT, ConnectionInfo
from .._cloudsql.database import Database
from .._cloudsql.fields import LOGICAL_DECODING, flag_value
from .._cloudsql.instance import Instance
from .._cloudsql.instance_options import instance_params
from .._cloudsql.user import User
from .._postgresql.connection import Sessions
from .._postgresql.debezium_tables import DebeziumTables
from .._postgresql.options import Login, ServerOptions
from .._postgresql.publication import Publication
from .._postgresql.replication_user import ReplicationUser
from .._reconcile.graph import Known, Node
from .._table_name import parse_tables
from . import context
from .context import Context
from .flags import RunningFlags
from .pipeline import Pipeline

POLL_SECONDS = 20
CONNECT_TIMEOUT = 10

_INSTANCE_OPTIONS = (
    "database_version",
    "edition",
    "tier",
    "availability_type",
    "disk_type",
    "disk_size_gb",
    "disk_autoresize",
    "backup",
    "maintenance_window",
    "private_network",
    "public_ip",
    "labels",
    "deletion_protection",
)
"""Options of cloudsql_instance that have a variable of the same name."""


def nodes(run: Context) -> list[Node]:
    """The part's nodes; only a look at the instance when another part needs its address."""
    if not run.wanted("cloudsql"):
        look = Node(context.INSTANCE, "cloudsql_connection_info", "cloudsql", partial(_connection_info, run))
        return [look] if run.wanted("debezium_k8s") else []
    pipeline = run.pipeline
    servers = _Servers(run)
    server = (context.INSTANCE, context.DATABASE, context.FLAGS, context.APPLICATION_USER)
    role: tuple[str, ...] = (*server, context.REPLICATION_USER)
    made = [
        Node(context.INSTANCE, "cloudsql_instance", "cloudsql", partial(_instance, run)),
        Node(context.DATABASE, "cloudsql_database", "cloudsql", partial(_database, run), (context.INSTANCE,)),
        Node(context.FLAGS, "cloudsql_flags", "cloudsql", partial(_running_flags, run, servers), (context.INSTANCE, context.DATABASE)),
        Node(context.APPLICATION_USER, "cloudsql_user", "cloudsql", partial(_user, run), (context.INSTANCE,)),
        Node(context.REPLICATION_USER, "postgresql_replication_user", "cloudsql", partial(_replication_user, pipeline, servers), server),
    ]
    if pipeline.offset_table or pipeline["cdc_signal_table"]:
        made.append(
            Node(context.DEBEZIUM_TABLES, "postgresql_debezium_tables", "cloudsql", partial(_debezium_tables, pipeline, servers), role)
        )
        role = (*role, context.DEBEZIUM_TABLES)
    # Last: from the moment that the publication has a table, Debezium must be able to read it.
    made.append(Node(context.PUBLICATION, "postgresql_publication", "cloudsql", partial(_publication, pipeline, servers), role))
    return made


class _Servers:
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
        exists = not any(known.missing(name) for name in (context.INSTANCE, context.DATABASE, context.APPLICATION_USER))
        return ServerOptions(
            host=context.address(known),
            port=PORT,
            database=pipeline["cdc_database"],
            ssl_mode=pipeline["cdc_ssl_mode"],
            ca_certificate=facts.get("server_ca_certificate"),
            connect_timeout=CONNECT_TIMEOUT,
            server_exists=exists,
            login_exists=True,
            # What this run will have made by then: the role to grant to, logical decoding of an instance that restarts for it.
            absent_allowed=any((known.missing(context.REPLICATION_USER), known.changing(context.INSTANCE), known.changing(context.FLAGS))),
            sessions=self._sessions,
        )


def _connection_info(run: Context, known: Known) -> ConnectionInfo:
    client = run.connections.client(run.pipeline["cdc_cloudsql_project"])
    return ConnectionInfo.from_params({"instance": run.pipeline["cdc_instance"], "ip_type": "auto"}, client)


def _api_params(run: Context) -> dict[str, t.Any]:
    return {"timeout": run.pipeline["cloudsql_timeout"], "poll_interval": POLL_SECONDS, "state": "present", "allow_delete": False}


def _instance(run: Context, known: Known) -> Instance:
    """Only what the user named is asked of an instance that exists; a new one gets the defaults as well."""
    pipeline = run.pipeline
    project = pipeline["cdc_cloudsql_project"]
    named = {option: pipeline[f"cloudsql_{option}"] for option in _INSTANCE_OPTIONS if f"cloudsql_{option}" in pipeline.given}
    if named.get("private_network") == "":
        del named["private_network"]
    new: dict[str, t.Any] = {"maintenance_window": {"day": 7, "hour": 12}}
    if "cloudsql_private_network" not in pipeline.given:
        new["private_network"] = f"projects/{project}/global/networks/default"
    params = instance_params(
        name=pipeline["cdc_instance"],
        project=project,
        region=pipeline["cdc_region"],
        restart=pipeline["cloudsql_restart"],
        allow_network_change=pipeline["cloudsql_allow_network_change"],
        root_password=pipeline["cloudsql_admin_password"].reveal(),
        database_flags=_flags(pipeline),
        new_instance=new,
        **named,
        **_api_params(run),
    )
    return Instance.from_params(params, run.connections.client(project))


def _flags(pipeline: Pipeline) -> dict[str, t.Any]:
    return {LOGICAL_DECODING: True, **pipeline["cloudsql_database_flags"]}


def _running_flags(run: Context, servers: _Servers, known: Known) -> RunningFlags:
    """Looked at before anything else in the server, so that a restart comes first, by the administrator, who is there from the start."""
    pipeline = run.pipeline
    options = servers.options(known)
    if known.missing(context.DATABASE) and not known.missing(context.INSTANCE):
        options = replace(options, database="postgres", server_exists=True)
    has = known.facts(context.INSTANCE).get("database_flags") or {}
    named = {name: flag_value(value) for name, value in _flags(pipeline).items() if value is not None}
    return RunningFlags(
        api=SqlAdmin(run.connections.client(pipeline["cdc_cloudsql_project"]), pipeline["cloudsql_timeout"], POLL_SECONDS),
        instance=pipeline["cdc_instance"],
        flags={name: value for name, value in named.items() if has.get(name) == value},
        options=options,
        login=Login(pipeline["cloudsql_admin_user"], pipeline["cloudsql_admin_password"]),
        allow_restart=pipeline["cloudsql_restart"] == "allow" or known.created(context.INSTANCE),
    )


def _database(run: Context, known: Known) -> Database:
    pipeline = run.pipeline
    params = {
        "instance": pipeline["cdc_instance"],
        "name": pipeline["cdc_database"],
        "charset": None,
        "collation": None,
        **_api_params(run),
    }
    return Database.from_params(params, run.connections.client(pipeline["cdc_cloudsql_project"]))


def _user(run: Context, known: Known) -> User:
    pipeline = run.pipeline
    params = {
        "instance": pipeline["cdc_instance"],
        "name": pipeline["cloudsql_user"],
        "password": pipeline["cloudsql_user_password"].reveal(),
        "type": "BUILT_IN",
        "update_password": "on_create",
        **_api_params(run),
    }
    return User.from_params(params, run.connections.client(pipeline["cdc_cloudsql_project"]))


def _owner(pipeline: Pipeline) -> Login:
    return Login(pipeline["cloudsql_user"], pipeline["cloudsql_user_password"])


def _replication_user(pipeline: Pipeline, servers: _Servers, known: Known) -> ReplicationUser:
    return ReplicationUser(
        options=servers.options(known),
        admin=Login(pipeline["cloudsql_admin_user"], pipeline["cloudsql_admin_password"]),
        owner=_owner(pipeline),
        name=pipeline["cdc_replication_user"],
        password=pipeline["cdc_replication_password"],
        check_password=True,
        tables=parse_tables(pipeline.tables),
        revoke_others=False,
        revoke_cloudsqlsuperuser=False,
    )


def _debezium_tables(pipeline: Pipeline, servers: _Servers, known: Known) -> DebeziumTables:
    return DebeziumTables(
        options=servers.options(known),
        login=_owner(pipeline),
        schema=pipeline["cdc_debezium_schema"],
        offset_table=pipeline.offset_table,
        signal_table=pipeline["cdc_signal_table"],
        user=pipeline["cdc_replication_user"],
        present=True,
        drop_offsets=False,
    )


def _publication(pipeline: Pipeline, servers: _Servers, known: Known) -> Publication:
    return Publication(
        options=servers.options(known),
        login=_owner(pipeline),
        name=pipeline["cdc_publication"],
        tables=parse_tables((*pipeline.tables, *pipeline.signal_tables)),
        exact=False,
        present=True,
        slot_name=None,
    )
