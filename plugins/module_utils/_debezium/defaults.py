# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties that every pipeline gets, each with its reason.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .stream import Stream
from .transforms import LIMIT, REROUTE, SIGNALS, TRANSFORMS, ours


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


def _signals(pipeline: Stream) -> bool:
    return pipeline.signal_table is not None


def _truncates(pipeline: Stream) -> bool:
    return pipeline.oversized_events == "truncate"


def _reselects(pipeline: Stream) -> bool:
    return pipeline.reselect_unavailable_values


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

# The restart of 3.6 skips every event of the stored position, but all rows that one COPY wrote to a page have the same one (dbz#1554).
# It skips only if the loaded offset has lsn_proc, so that is left out as long as the slot still holds everything from there on.  Where
# it does not, lsn_proc stays: Debezium then stops, as it does without this query.
_OFFSET_SELECT = (
    "SELECT id, offset_key, CASE WHEN EXISTS (SELECT 1 FROM pg_replication_slots s WHERE s.slot_name = '{slot_name}'"
    " AND (s.confirmed_flush_lsn - '0/0'::pg_lsn) <= (offset_val::jsonb->>'lsn_proc')::numeric)"
    " THEN (offset_val::jsonb - 'lsn_proc' - 'lsn_commit')::text ELSE offset_val END AS offset_val"
    " FROM %s ORDER BY record_insert_ts, record_insert_seq"
)

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
    Default(
        _SOURCE + "snapshot.fetch.size",
        "20",
        "Rows that a snapshot reads at once; the default of 10240 ends the process when rows are large. Lower it for rows over 5 MB.",
    ),
    Default(
        _SOURCE + "max.queue.size.in.bytes",
        "32000000",
        "By default the queue holds 8192 events of any size, and large rows end the process for lack of memory.",
    ),
    Default(
        _SOURCE + "skipped.operations",
        "none",
        "By default Debezium drops TRUNCATE, and subscribers keep the rows. It arrives as an event with op t and no row, under the ordering"
        " key default: compare source.lsn to know which rows are older.",
    ),
    Default(_SOURCE + "decimal.handling.mode", "string", "The default sends base64."),
    Default(
        _SOURCE + "poll.interval.ms",
        "50",
        "The default of 500 is most of the latency: 84 ms at the median instead of 655, for 3 % of a core.",
    ),
    Default(_SOURCE + "extended.headers.enabled", "false", "Otherwise every message carries four more attributes."),
    Default(
        _SOURCE + "errors.max.retries",
        "10",
        "The default is endless, so a missing privilege would never show as a failure.",
        lambda p: not (p.skips_copied_rows and _jdbc(p)),
    ),
    Default(
        _SOURCE + "errors.max.retries",
        "0",
        "A retry in the process keeps the position in memory and skips rows of a COPY (dbz#1554); a restart of the pod loads it again.",
        lambda p: p.skips_copied_rows and _jdbc(p),
    ),
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
        _signals,
    ),
    Default(_OFFSETS, "io.debezium.storage.jdbc.offset.JdbcOffsetBackingStore", "Transactional, and fails loudly at start.", _jdbc),
    Default(_OFFSETS + ".jdbc.connection.url", "{jdbc_url}", "The source database, in Debezium's own schema.", _jdbc),
    Default(_OFFSETS + ".jdbc.connection.user", "${{{user_variable}}}", "The same log-in.", _jdbc, expression=True),
    Default(_OFFSETS + ".jdbc.connection.password", "${{{password_variable}}}", "The same log-in.", _jdbc, expression=True),
    Default(
        _OFFSETS + ".jdbc.table.name", "{offset_table}", "Without schema: Debezium would look for a table with a dot in its name.", _jdbc
    ),
    Default(
        _OFFSETS + ".jdbc.table.select",
        _OFFSET_SELECT,
        "Debezium before 3.7 skips rows of a COPY that a restart interrupted (dbz#1554); with this, it sends them again instead.",
        lambda p: p.offsets == "jdbc" and p.skips_copied_rows,
    ),
    Default(_OFFSETS + ".file.filename", "data/offsets.dat", "On the volume that the pod mounts at /debezium/data.", _volume),
    Default(_SOURCE + "offset.flush.interval.ms", "0", "Saved after every batch; with the default of a minute, a kill repeats a minute."),
    Default(
        "debezium.format.schemas.enable",
        "false",
        "Otherwise each message and its ordering key carry their whole schema, nine times the size.",
    ),
    Default("debezium.format.header.class", "org.apache.kafka.connect.storage.StringConverter", "Attributes without quotes around them."),
    Default(
        _SOURCE + "post.processors",
        "reselector",
        "Reads unchanged large (TOAST) values again, which PostgreSQL leaves out of the log of an UPDATE.",
        _reselects,
    ),
    Default(
        _SOURCE + "post.processors.reselector.type",
        "io.debezium.processors.reselect.ReselectColumnsPostProcessor",
        "Debezium's own.",
        _reselects,
    ),
    Default(
        _SOURCE + "post.processors.reselector.reselect.null.values",
        "false",
        "By default each column that is null is read again as well.",
        _reselects,
    ),
    Default(TRANSFORMS, "{transforms}", "Those of this list.", lambda p: bool(ours(p))),
    Default(
        f"{TRANSFORMS}.{LIMIT}.type",
        "io.debezium.transforms.EnforceRecordSize",
        "Cuts the text and bytes of an event that is too large; first in the list, for it knows only Debezium's own structure.",
        _truncates,
    ),
    Default(f"{TRANSFORMS}.{LIMIT}.max.bytes", "9000000", "Pub/Sub takes 10 MB; the rest is for JSON's names and escapes.", _truncates),
    Default(
        f"{TRANSFORMS}.{SIGNALS}.type",
        "org.apache.kafka.connect.transforms.RegexRouter",
        "Rows of the signal table are events, too; no subscriber of the changes wants them.",
        _signals,
    ),
    Default(f"{TRANSFORMS}.{SIGNALS}.regex", "{signals_regex}", "The signal table's topic, which does not exist.", _signals),
    Default(f"{TRANSFORMS}.{SIGNALS}.replacement", "{heartbeat_topic}", "The topic that needs no subscription.", _signals),
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
