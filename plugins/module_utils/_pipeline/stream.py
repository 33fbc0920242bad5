# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that look at the stream as a whole: its position, the tables that join it, and whether it is ready.  PRIVATE."""

from __future__ import annotations

import typing as t
from functools import partial

from .._kubernetes.workload import Workload
from .._postgresql.captured_tables import CapturedTables
from .._postgresql.joining_tables import JoiningTables
from .._postgresql.options import Login
from .._postgresql.position import Position
from .._postgresql.readiness import StreamReadiness
from .._reconcile.graph import Known, Node
from .._table_name import TableName, parse_tables
from . import context, position
from .cloudsql import SERVER
from .context import Context
from .pipeline import Pipeline
from .reset import Reset
from .servers import Servers, owner, replication_user
from .streamed import Streamed


def looked_at(run: Context) -> bool:
    """Whether this run looks into the database at all."""
    return run.wanted("cloudsql") or run.wanted("debezium_k8s")


def resets(run: Context) -> bool:
    """Whether this run could give up the position of the stream: that takes the database and the pod."""
    return run.wanted("cloudsql") and run.wanted("debezium_k8s")


def server_needed(run: Context) -> tuple[str, ...]:
    """Nodes that must be there before anybody can log in to the database."""
    return SERVER if run.wanted("cloudsql") else (context.INSTANCE,)


def position_needed(run: Context) -> tuple[str, ...]:
    """The nodes that know the stream's position, and whether it is given up."""
    return (*((context.POSITION,) if looked_at(run) else ()), *((context.RESET,) if resets(run) else ()))


def position_nodes(run: Context, servers: Servers) -> list[Node]:
    """The look at slot, publication and offsets."""
    if not looked_at(run):
        return []
    part = "cloudsql" if run.wanted("cloudsql") else "debezium_k8s"
    return [Node(context.POSITION, "postgresql_replication_slot", part, partial(_position, run, servers), server_needed(run))]


def reset_nodes(run: Context, servers: Servers, needs: tuple[str, ...]) -> list[Node]:
    """Giving up the position.  needs: what must be there before the replication user can log in."""
    if not resets(run):
        return []
    return [Node(context.RESET, "postgresql_replication_slot", "debezium_k8s", partial(_reset, run, servers), (*needs, context.POSITION))]


def captured_nodes(run: Context, servers: Servers, needs: tuple[str, ...]) -> list[Node]:
    """The record of captured tables, written before the pod learns of them."""
    if not run.wanted("cloudsql"):
        return []
    made = partial(_captured, run, servers)
    return [Node(context.CAPTURED, "captured_tables", "cloudsql", made, (*needs, *position_needed(run), context.PUBLICATION))]


def nodes(run: Context, servers: Servers) -> list[Node]:
    """What comes after the pod: tables that join, then the wait until the stream is ready."""
    if not run.wanted("debezium_k8s"):
        return []
    made = []
    inside = (*server_needed(run), context.DEPLOYMENT)
    if run.wanted("cloudsql"):
        needs = (*inside, context.POSITION, context.RESET, context.PUBLICATION, context.CAPTURED)
        made.append(Node(context.JOINING, "postgresql_publication", "cloudsql", partial(_joining, run, servers), needs))
    if run.pipeline["debezium_k8s_wait"] and run.pipeline["debezium_k8s_wait_for_stream"]:
        captured = (context.CAPTURED, context.JOINING) if run.wanted("cloudsql") else ()
        made.append(Node(context.STREAM, "stream", "debezium_k8s", partial(_readiness, run, servers), (*inside, *captured)))
        record = partial(_streamed, run)
        made.append(Node(context.STREAMED, "kubernetes_object", "debezium_k8s", record, (context.PROPERTIES, context.STREAM)))
    return made


def _tables(pipeline: Pipeline) -> dict[str, t.Any]:
    schema = pipeline["cdc_debezium_schema"]
    return {
        "signal_table": (schema, pipeline["cdc_signal_table"]) if pipeline["cdc_signal_table"] else None,
        "offset_table": (schema, pipeline.offset_table) if pipeline.offset_table else None,
    }


def _position_as(login: Login, run: Context, servers: Servers, known: Known) -> Position:
    pipeline = run.pipeline
    return Position(
        servers.options(known),
        login,
        pipeline["cdc_slot_name"],
        pipeline["cdc_publication"],
        pipeline["cdc_topic_prefix"],
        _tables(pipeline)["offset_table"],
        parse_tables(pipeline.tables),
    )


def _position(run: Context, servers: Servers, known: Known) -> Position:
    login = owner(run.pipeline) if run.wanted("cloudsql") else replication_user(run.pipeline)
    return _position_as(login, run, servers, known)


def _reset(run: Context, servers: Servers, known: Known) -> Reset:
    pipeline, facts = run.pipeline, known.facts(context.POSITION)
    former = position.former_slot(pipeline, facts)
    return Reset(
        options=servers.options(known),
        login=replication_user(pipeline),
        cluster=run.connections.cluster,
        wanted=position.planned(pipeline, known).outcome == "resnapshot",
        slots=(pipeline["cdc_slot_name"], *((former,) if former else ())),
        slot_exists=facts.get("slot") is not None,
        offset_table=_tables(pipeline)["offset_table"],
        offsets_exist=facts.get("offset") is not None,
        deployment=(pipeline["cdc_namespace"], pipeline["cdc_deployment"]),
        parent=pipeline.name,
    )


def _captured(run: Context, servers: Servers, known: Known) -> CapturedTables:
    pipeline = run.pipeline
    return CapturedTables(
        options=servers.options(known),
        login=owner(pipeline),
        publication=pipeline["cdc_publication"],
        tables=parse_tables(known.facts(context.POSITION).get("tables", ())),
        signal_table=_tables(pipeline)["signal_table"],
        live=position.live(pipeline, known),
        rows=pipeline["cdc_joining_tables"] == "snapshot",
        joins_here=run.wanted("debezium_k8s"),
    )


def _joining(run: Context, servers: Servers, known: Known) -> JoiningTables:
    pipeline, facts = run.pipeline, known.facts(context.CAPTURED)
    captured = parse_tables(facts.get("captured", ()))
    published = parse_tables(facts.get("published", ()))
    joining = parse_tables(facts.get("joining", ()))
    signals = [TableName(*table) for table in (_tables(pipeline)["signal_table"],) if table]
    return JoiningTables(
        servers.options(known),
        owner(pipeline),
        publication=pipeline["cdc_publication"],
        tables=parse_tables(pipeline.tables),
        **_tables(pipeline),
        topic_prefix=pipeline["cdc_topic_prefix"],
        allowed=captured,
        owing=joining if pipeline["cdc_joining_tables"] == "snapshot" else (),
        needed=bool(joining) or not set(published).issuperset([*captured, *signals]),
        timeout=pipeline["cdc_joining_timeout"],
        clock=run.connections.clock,
        watch=lambda: _pod(known).watch(),
    )


def _readiness(run: Context, servers: Servers, known: Known) -> StreamReadiness:
    pipeline = run.pipeline
    return StreamReadiness(
        _position_as(replication_user(pipeline), run, servers, known),
        captured=parse_tables(known.facts(context.CAPTURED).get("captured", ())),
        heartbeat_seconds=pipeline["debezium_k8s_heartbeat_interval_ms"] / 1000,
        moved_only=known.changed(context.DEPLOYMENT),
        timeout=pipeline["debezium_k8s_wait_timeout"],
        clock=run.connections.clock,
        watch=lambda: _pod(known).watch(),
        explain=lambda kind, message: _pod(known).explain(kind, message),
    )


def _streamed(run: Context, known: Known) -> Streamed:
    pipeline = run.pipeline
    return Streamed(
        run.connections.cluster,
        pipeline["cdc_namespace"],
        pipeline["debezium_k8s_properties_secret"],
        pipeline["cdc_slot_name"],
        known.facts(context.PROPERTIES).get("live_annotations") or {},
    )


def _pod(known: Known) -> Workload:
    return t.cast(Workload, known.resource(context.DEPLOYMENT))
