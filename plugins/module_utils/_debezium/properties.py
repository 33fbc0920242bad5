# SPDX-License-Identifier: GPL-3.0-or-later
"""From a pipeline to Debezium Server's properties: the defaults with their reasons, and what users lay over them.  PRIVATE.

Debezium Server 3.6.  Everything here is pure.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._reconcile.errors import InvalidInput
from .._reconcile.secret import Secret
from .escape import Expression
from .stream import Stream

REROUTE = "reroute"
"""Our transform, the last one; in lower case, so that environment variables can name its options."""
TRANSFORMS = "debezium.transforms"

IDENTITY = {
    "debezium.sink.type": None,
    "debezium.source.topic.prefix": "topic_prefix",
    "debezium.source.slot.name": "slot_name",
    "debezium.source.publication.name": "publication",
    "debezium.source.table.include.list": "tables",
}
"""Properties that other parts of the pipeline must agree with, and the pipeline's key that says them."""


def _always(pipeline: Stream) -> bool:
    return True


def _ordering(pipeline: Stream) -> bool:
    return pipeline.ordering


def _jdbc(pipeline: Stream) -> bool:
    return pipeline.offsets == "jdbc"


def _volume(pipeline: Stream) -> bool:
    return pipeline.offsets == "volume"


def _one_topic(pipeline: Stream) -> bool:
    return pipeline.topic is not None


@dataclass(frozen=True)
class Default:
    """A property that every pipeline gets, unless `when` says no.

    value: `{key}` stands for a value of the pipeline.  expression: Debezium Server itself replaces `${NAME}` in it.
    """

    name: str
    value: str
    reason: str
    when: Callable[[Stream], bool] = _always
    expression: bool = False


_SOURCE = "debezium.source."
_SINK = "debezium.sink.pubsub."
_OFFSETS = "debezium.source.offset.storage"

DEFAULTS: tuple[Default, ...] = (
    Default("debezium.sink.type", "pubsub", "The sink. It is also part of the key under which offsets are stored."),
    Default(_SINK + "project.id", "{project}", "Said openly, for the default is the project of the pod's credentials."),
    Default(_SINK + "region", "{region}", "A regional endpoint keeps ordering and data in one region.", lambda p: p.region is not None),
    Default(
        _SINK + "address", "{sink_address}", "An emulator instead of Google; wins over the region.", lambda p: p.sink_address is not None
    ),
    Default(
        _SINK + "ordering.enabled", "{ordering}", "Changes of one row arrive in their order. Without it the row's key is not sent at all."
    ),
    Default(
        _SINK + "concurrency.threads",
        "1",
        "With ordering, more publisher threads make a bulk load stall (googleapis/java-pubsub#2377).",
        _ordering,
    ),
    Default(
        _SINK + "batch.delay.threshold.ms",
        "5",
        "The default of 100 is most of the sink's latency, and batches are per ordering key anyhow.",
    ),
    Default(_SINK + "retry.max.delay.ms", "60000", "The default has no limit, so pauses between retries would grow without bound."),
    Default(
        _SINK + "wait.message.delivery.timeout.ms",
        "120000",
        "How long a Pub/Sub outage may last before the process ends; the default is 30 seconds.",
    ),
    Default(_SOURCE + "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "The connector."),
    Default(_SOURCE + "plugin.name", "pgoutput", "PostgreSQL's own; the default, decoderbufs, is not on Cloud SQL."),
    Default(_SOURCE + "database.hostname", "{database_host}", "The primary instance; replicas have no slot to keep."),
    Default(_SOURCE + "database.port", "{database_port}", "Its port."),
    Default(_SOURCE + "database.dbname", "{database_name}", "One server captures one database."),
    Default(
        _SOURCE + "database.user", "${{{user_variable}}}", "From the pod's environment, so that the file holds no log-in.", expression=True
    ),
    Default(_SOURCE + "database.password", "${{{password_variable}}}", "From the pod's environment, too.", expression=True),
    Default(
        _SOURCE + "database.sslmode", "{ssl_mode}", "verify-ca suits an instance with its own CA; the default, prefer, protects nothing."
    ),
    Default(
        _SOURCE + "database.sslrootcert", "{ca_certificate_path}", "The CA that the server is checked against.", lambda p: p.verifies_server
    ),
    Default(_SOURCE + "topic.prefix", "{topic_prefix}", "The pipeline's name in topics and offsets; changing it means a new snapshot."),
    Default(_SOURCE + "slot.name", "{slot_name}", "The pipeline's position in the write-ahead log; changing it means a new snapshot."),
    Default(_SOURCE + "slot.drop.on.stop", "false", "A dropped slot loses every change until the next start."),
    Default(_SOURCE + "publication.name", "{publication}", "The publication that the tables' owner made."),
    Default(
        _SOURCE + "publication.autocreate.mode",
        "disabled",
        "The default needs a superuser; the tables' owner creates it with less.",
    ),
    Default(_SOURCE + "table.include.list", "{table_include_list}", "The captured tables, as anchored regular expressions."),
    Default(_SOURCE + "snapshot.mode", "{snapshot_mode}", "initial reads what is there once, then streams."),
    Default(_SOURCE + "decimal.handling.mode", "string", "The default sends base64."),
    Default(
        _SOURCE + "poll.interval.ms",
        "50",
        "The default of 500 is most of the latency: 84 ms at the median instead of 655, for 3 % of a core.",
    ),
    Default(_SOURCE + "extended.headers.enabled", "false", "Otherwise every message carries four more attributes."),
    Default(_SOURCE + "errors.max.retries", "10", "The default is endless, so a missing privilege would never show as a failure."),
    Default(_SOURCE + "heartbeat.interval.ms", "{heartbeat_interval_ms}", "Moves the slot on when the captured tables are quiet."),
    Default(
        _SOURCE + "heartbeat.action.query",
        "SELECT pg_logical_emit_message(false, 'heartbeat', now()::varchar)",
        "A heartbeat alone does not move the slot past writes to other tables; this writes to the log, and needs neither table nor grant.",
    ),
    Default(
        _SOURCE + "message.prefix.exclude.list",
        "heartbeat",
        "Keeps these messages out of the topic; other logical messages go there.",
        lambda p: p.topic is not None,
    ),
    Default(
        _SOURCE + "message.prefix.exclude.list",
        ".*",
        "With one topic a table there is none for logical messages, and a missing topic ends the process.",
        lambda p: p.topic is None,
    ),
    Default(
        _SOURCE + "topic.heartbeat.name",
        "{heartbeat_topic}",
        "The default name is not legal in Pub/Sub, and a missing topic ends the process.",
    ),
    Default(
        _SOURCE + "notification.enabled.channels",
        "sink",
        "Notifications, such as the progress of a snapshot, go to Pub/Sub as well.",
        lambda p: p.notification_topic is not None,
    ),
    Default(
        _SOURCE + "notification.sink.topic.name",
        "{notification_topic}",
        "Their topic; a missing one ends the process.",
        lambda p: p.notification_topic is not None,
    ),
    Default(
        _SOURCE + "signal.data.collection",
        "{schema}.{signal_table}",
        "Where incremental snapshots are asked for; the publication must have it.",
        lambda p: p.signal_table is not None,
    ),
    Default(_OFFSETS, "io.debezium.storage.jdbc.offset.JdbcOffsetBackingStore", "Transactional, and fails loudly at start.", _jdbc),
    Default(_OFFSETS + ".jdbc.connection.url", "{jdbc_url}", "The source database, in Debezium's own schema.", _jdbc),
    Default(_OFFSETS + ".jdbc.connection.user", "${{{user_variable}}}", "The same log-in.", _jdbc, expression=True),
    Default(_OFFSETS + ".jdbc.connection.password", "${{{password_variable}}}", "The same log-in.", _jdbc, expression=True),
    Default(
        _OFFSETS + ".jdbc.table.name", "{offset_table}", "Without schema: Debezium would look for a table with a dot in its name.", _jdbc
    ),
    Default(_OFFSETS + ".file.filename", "data/offsets.dat", "On the volume that the pod mounts at /debezium/data.", _volume),
    Default(_SOURCE + "offset.flush.interval.ms", "0", "Saved after every batch; with the default of a minute, a kill repeats a minute."),
    Default(
        "debezium.format.schemas.enable",
        "false",
        "Otherwise each message and its ordering key carry their whole schema, nine times the size.",
    ),
    Default("debezium.format.header.class", "org.apache.kafka.connect.storage.StringConverter", "Attributes without quotes around them."),
    Default(TRANSFORMS, REROUTE, "All changes to one topic.", _one_topic),
    Default(
        f"{TRANSFORMS}.{REROUTE}.type",
        "org.apache.kafka.connect.transforms.RegexRouter",
        "Renames only; it adds nothing to the key.",
        _one_topic,
    ),
    Default(f"{TRANSFORMS}.{REROUTE}.regex", "{reroute_regex}", "Everything but the heartbeat, whose topic does not begin so.", _one_topic),
    Default(f"{TRANSFORMS}.{REROUTE}.replacement", "{reroute_replacement}", "The topic.", _one_topic),
    Default("quarkus.log.level", "INFO", "Enough to see why it stopped."),
)


def properties(
    pipeline: Stream, overrides: Mapping[str, t.Any] | None = None, expressions: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All properties, in order: the defaults, then what `overrides` and `expressions` add.

    overrides: literal values by full property name; None takes a default away.
    expressions: values with `${NAME}`, which Debezium Server replaces by the pod's environment variable NAME.
    """
    overrides, expressions = overrides or {}, expressions or {}
    _check_given(overrides, expressions)
    found = _defaults(pipeline)
    for name, value in overrides.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _text(name, value)
    found.update({name: Expression(value) for name, value in expressions.items()})
    return _with_our_transform(found, pipeline, overrides)


_SENSITIVE = re.compile(r"password|secret|token|credential|private|api[._-]?key", re.IGNORECASE)


def shown(text: str) -> dict[str, t.Any]:
    """The properties of a rendered file for a diff, by name; values of properties that sound like a secret are hidden."""
    found: dict[str, t.Any] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[name] = Secret(value) if _SENSITIVE.search(name) and not value.startswith("${") else value
    return found


def reasons() -> list[tuple[str, str, str]]:
    """Name, value and reason of each default, for the documentation; `<key>` in a value stands for a key of the pipeline."""
    keys = {key: f"<{key}>" for key in _values(_EXAMPLE)}
    return [(default.name, default.value.format_map(keys), default.reason) for default in DEFAULTS]


def _defaults(pipeline: Stream) -> dict[str, str]:
    values = _values(pipeline)
    found = {}
    for default in DEFAULTS:
        if default.when(pipeline):
            text = default.value.format_map(values)
            found[default.name] = Expression(text) if default.expression else text
    return found


def _values(pipeline: Stream) -> dict[str, str]:
    values = {name: _text(name, value) for name, value in vars(pipeline).items() if name != "tables" and value is not None}
    return {
        **dict.fromkeys(("region", "sink_address", "signal_table", "notification_topic"), ""),
        **values,
        "jdbc_url": pipeline.jdbc_url,
        "table_include_list": ",".join(_regular_expression(name.schema, name.table) for name in pipeline.table_names),
        "reroute_regex": _escaped(pipeline.topic_prefix) + r"\..*",
        "reroute_replacement": pipeline.topic or "",
    }


def _with_our_transform(found: dict[str, str], pipeline: Stream, overrides: Mapping[str, t.Any]) -> dict[str, str]:
    """Users' transforms run before ours, unless they name ours themselves; without the list, none runs and none is configured."""
    if pipeline.topic is None or TRANSFORMS not in overrides:
        return found
    if overrides[TRANSFORMS] is None:
        return {name: value for name, value in found.items() if not name.startswith(f"{TRANSFORMS}.")}
    names = [name.strip() for name in found[TRANSFORMS].split(",") if name.strip()]
    return {**found, TRANSFORMS: ",".join(names if REROUTE in names else [*names, REROUTE])}


def _check_given(overrides: Mapping[str, t.Any], expressions: Mapping[str, str]) -> None:
    for name in (*overrides, *expressions):
        if name in IDENTITY:
            key = IDENTITY[name]
            advice = f"set {key} of the pipeline" if key else "the pipeline always ends in Pub/Sub"
            raise InvalidInput(f"{name} cannot be overridden, because other parts depend on it; {advice}.")
        if not name.startswith(("debezium.", "quarkus.")):
            raise InvalidInput(
                f"{name!r} is not a full property name; these start with debezium. or quarkus., like debezium.source.{name}."
            )
    both = sorted(set(overrides) & set(expressions))
    if both:
        raise InvalidInput(f"{', '.join(both)} is in overrides and in expressions; set it once.")
    for name, value in expressions.items():
        if not isinstance(value, str) or "${" not in value:
            raise InvalidInput(f"The expression of {name} has no ${{NAME}}; put a literal value into overrides.")


def _text(name: str, value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InvalidInput(f"The value of {name} must be text, a number, true, false or null, not a {type(value).__name__}.")


_JAVA_SPECIAL = frozenset("\\.[]{}()<>*+-=!?^$|")


def _escaped(text: str) -> str:
    """`text` as a Java regular expression that matches just it."""
    return "".join("\\" + letter if letter in _JAVA_SPECIAL else letter for letter in text)


def _regular_expression(schema: str, table: str) -> str:
    for part in (schema, table):
        if "," in part or part != part.strip():
            raise InvalidInput(f"Table {schema}.{table} cannot be captured: Debezium's list takes neither commas nor outer blanks.")
    return f"{_escaped(schema)}\\.{_escaped(table)}"


_EXAMPLE = Stream("shop", "my-project", "10.0.0.3", "shop", ("public.orders",), "debezium_shop", "dbz_publication", "shop-heartbeat")
