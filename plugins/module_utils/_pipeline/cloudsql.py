# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of the part `cloudsql`: the instance, and what is inside its server.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial

from .._cloudsql.api import SqlAdmin
from .._cloudsql.connect import ConnectionInfo
from .._cloudsql.database import Database
from .._cloudsql.fields import LOGICAL_DECODING, flag_value
from .._cloudsql.instance import Instance
from .._cloudsql.instance_options import instance_params
from .._cloudsql.user import User
from .._postgresql.debezium_tables import DebeziumTables
from .._postgresql.options import Login
from .._postgresql.publication import Publication
from .._postgresql.replication_user import ReplicationUser
from .._reconcile.graph import Known, Node
from .._table_name import parse_tables
from . import context, position
from .context import Context
from .flags import RunningFlags
from .pipeline import Pipeline
from .servers import Servers, owner

SERVER = (context.INSTANCE, context.DATABASE, context.FLAGS, context.APPLICATION_USER)
"""What must be there before the tables' owner can log in."""

POLL_SECONDS = 20

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


def nodes(run: Context, servers: Servers) -> list[Node]:
    """The part's nodes but the publication; only a look at the instance when another part needs its address."""
    if not run.wanted("cloudsql"):
        look = Node(context.INSTANCE, "cloudsql_connection_info", "cloudsql", partial(_connection_info, run))
        return [look] if run.wanted("debezium_k8s") else []
    pipeline = run.pipeline
    made = [
        Node(context.INSTANCE, "cloudsql_instance", "cloudsql", partial(_instance, run)),
        Node(context.DATABASE, "cloudsql_database", "cloudsql", partial(_database, run), (context.INSTANCE,)),
        Node(context.FLAGS, "cloudsql_flags", "cloudsql", partial(_running_flags, run, servers), (context.INSTANCE, context.DATABASE)),
        Node(context.APPLICATION_USER, "cloudsql_user", "cloudsql", partial(_user, run), (context.INSTANCE,)),
        Node(context.REPLICATION_USER, "postgresql_replication_user", "cloudsql", partial(_replication_user, pipeline, servers), SERVER),
    ]
    made += [
        Node(
            name,
            "postgresql_debezium_tables",
            "cloudsql",
            partial(_debezium_tables, pipeline, servers),
            (*SERVER, context.REPLICATION_USER),
        )
        for name in debezium_tables_needed(pipeline)
    ]
    return made


def publication_nodes(run: Context, servers: Servers, needs: tuple[str, ...]) -> list[Node]:
    """The publication.  From the moment that it has a table, Debezium must be able to read it, so that grants come first."""
    if not run.wanted("cloudsql"):
        return []
    return [Node(context.PUBLICATION, "postgresql_publication", "cloudsql", partial(_publication, run.pipeline, servers), needs)]


def grants_needed(pipeline: Pipeline) -> tuple[str, ...]:
    """The nodes after which Debezium can log in and read its tables."""
    return (*SERVER, context.REPLICATION_USER, *debezium_tables_needed(pipeline))


def debezium_tables_needed(pipeline: Pipeline) -> tuple[str, ...]:
    """The node of Debezium's own tables, if the pipeline has any."""
    return (context.DEBEZIUM_TABLES,) if pipeline.offset_table or pipeline["cdc_signal_table"] else ()


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


def _running_flags(run: Context, servers: Servers, known: Known) -> RunningFlags:
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


def _replication_user(pipeline: Pipeline, servers: Servers, known: Known) -> ReplicationUser:
    return ReplicationUser(
        options=servers.options(known),
        admin=Login(pipeline["cloudsql_admin_user"], pipeline["cloudsql_admin_password"]),
        owner=owner(pipeline),
        name=pipeline["cdc_replication_user"],
        password=pipeline["cdc_replication_password"],
        check_password=True,
        tables=parse_tables(pipeline.tables),
        revoke_others=False,
        revoke_cloudsqlsuperuser=False,
        slot_name=pipeline["cdc_slot_name"],
    )


def _debezium_tables(pipeline: Pipeline, servers: Servers, known: Known) -> DebeziumTables:
    return DebeziumTables(
        options=servers.options(known),
        login=owner(pipeline),
        schema=pipeline["cdc_debezium_schema"],
        offset_table=pipeline.offset_table,
        signal_table=pipeline["cdc_signal_table"],
        user=pipeline["cdc_replication_user"],
        present=True,
        drop_offsets=False,
        topic_prefix=pipeline["cdc_topic_prefix"],
        stream=pipeline.stream,
    )


def _publication(pipeline: Pipeline, servers: Servers, known: Known) -> Publication:
    return Publication(
        options=servers.options(known),
        login=owner(pipeline),
        name=pipeline["cdc_publication"],
        tables=parse_tables((*pipeline.tables, *pipeline.signal_tables)),
        add_tables=not position.live(pipeline, known),
        exact=False,
        present=True,
        replication_user=pipeline["cdc_replication_user"],
        keyless_partitioned=parse_tables(pipeline["cloudsql_keyless_partitioned_tables"]),
        insert_only=parse_tables(pipeline.signal_tables),
        warn_of_long_keys=pipeline["debezium_k8s_ordering"],
        warn_of_toast=not pipeline["debezium_k8s_reselect_unavailable_values"],
    )
