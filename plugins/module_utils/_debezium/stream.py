# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of one Debezium Server: one checked value.  PRIVATE to the collection."""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing as t
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from .._database_rules import PLAIN_NAME, SSL_MODES
from .._reconcile.errors import InvalidInput
from .._table_name import TableName, parse_tables
from .version import OLDEST, release

SNAPSHOT_MODES = ("initial", "no_data", "when_needed")
"""Values of Debezium's `snapshot.mode` that stream, and go on where they were after a restart."""

REFUSED_SNAPSHOT_MODES = {
    "always": "each restart takes a new snapshot, and rows deleted while the server was down are never told",
    "configuration_based": "by its defaults it does not stream at all; initial and no_data say what is meant",
    "custom": "what it does after a restart is not known",
    "initial_only": "it does not stream: the server ends after the snapshot, and the slot keeps write-ahead log for ever",
}
"""The other values, and what is wrong with them."""

OVERSIZED_EVENTS = ("fail", "truncate")

TOPIC_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
TOPIC_PREFIX = re.compile(r"[A-Za-z0-9._-]+")
SLOT_NAME = re.compile(r"[a-z0-9_]{1,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_IN_TOPIC = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Stream:
    """One captured database on its way to Pub/Sub.  Its field names are the keys that users write.

    topic_prefix, slot_name, offsets: the pipeline's identity; changing one means a new snapshot.
    project: of the topics.
    tables: captured tables, as `schema.table` in SQL's spelling.
    topic: id of the one topic for all changes; None for one topic per table, named <topic_prefix>.<schema>.<table>.
    heartbeat_topic: id of the heartbeat topic; it needs no subscription.
    notification_topic: id of the topic for Debezium's notifications; None for none.
    ca_certificate_path: where the pod finds the database's CA certificate.
    user_variable, password_variable: environment variables of the pod that hold the database log-in.
    offsets: "jdbc" in the source database, or "volume", a file on a persistent volume.
    schema, offset_table, signal_table: Debezium's own tables in the source database; signal_table None for none.  Rows of the
        signal table are published like any others, to the heartbeat topic.
    heartbeat_interval_ms: milliseconds between heartbeats.
    region: of the Pub/Sub endpoint; None for the global one.
    ordering: publish with ordering keys.
    sink_address: `host:port` of a Pub/Sub server without TLS and log-in (an emulator); None for Google's.
    debezium_version: of the server, like 3.6.3.Final; None for one that is not known.
    reselect_unavailable_values: read large values that an UPDATE left unchanged from the table, instead of sending a placeholder.
    oversized_events: what becomes of an event that Pub/Sub does not take: "fail" ends the process, "truncate" cuts its values.
    """

    topic_prefix: str
    project: str
    database_host: str
    database_name: str
    tables: tuple[str, ...]
    slot_name: str
    publication: str
    heartbeat_topic: str
    topic: str | None = None
    database_port: int = 5432
    ssl_mode: str = "verify-ca"
    ca_certificate_path: str = "/debezium/external/db/server-ca.pem"
    user_variable: str = "PG_USER"
    password_variable: str = "PG_PASSWORD"
    snapshot_mode: str = "initial"
    offsets: str = "jdbc"
    schema: str = "debezium"
    offset_table: str = "debezium_offset_storage"
    signal_table: str | None = None
    heartbeat_interval_ms: int = 10000
    region: str | None = None
    ordering: bool = True
    sink_address: str | None = None
    notification_topic: str | None = None
    debezium_version: str | None = None
    reselect_unavailable_values: bool = False
    oversized_events: str = "fail"

    def __post_init__(self) -> None:
        self._check_identity()
        self._check_topics()
        _one_of("ssl_mode", self.ssl_mode, SSL_MODES)
        if self.snapshot_mode in REFUSED_SNAPSHOT_MODES:
            reason = REFUSED_SNAPSHOT_MODES[self.snapshot_mode]
            raise InvalidInput(f"snapshot_mode {self.snapshot_mode} is refused: {reason}. Use one of {', '.join(SNAPSHOT_MODES)}.")
        _one_of("snapshot_mode", self.snapshot_mode, SNAPSHOT_MODES)
        _one_of("oversized_events", self.oversized_events, OVERSIZED_EVENTS)
        if release(self.debezium_version) < OLDEST:
            raise InvalidInput(
                f"Debezium Server {self.debezium_version} is too old: it has no topic.heartbeat.name, which is of 3.6, and ends when its"
                " heartbeat has no legal topic."
            )
        _one_of("offsets", self.offsets, ("jdbc", "volume"))
        for name in ("schema", "offset_table", "signal_table"):
            value = getattr(self, name)
            if value is not None and not PLAIN_NAME.fullmatch(value):
                raise InvalidInput(f"{name} {value!r} must be of lower-case letters, digits and _, because Debezium does not quote it.")
        for name in ("user_variable", "password_variable"):
            if not _VARIABLE.fullmatch(getattr(self, name)):
                raise InvalidInput(f"{name} {getattr(self, name)!r} is not the name of an environment variable.")
        if self.heartbeat_interval_ms < 1:
            raise InvalidInput("heartbeat_interval_ms must be positive: without heartbeats the database keeps write-ahead log for ever.")
        if not 1 <= self.database_port <= 65535:
            raise InvalidInput(f"database_port {self.database_port} is not a TCP port.")

    @classmethod
    def from_dict(cls, values: Mapping[str, t.Any]) -> Stream:
        """From a user's dictionary; keys whose value is None take their default.  Raises InvalidInput that names what is wrong."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for key in values:
            if key not in fields:
                raise InvalidInput(f"The pipeline has no key {key!r}{_nearest(key, fields)}")
        given = {key: _typed(key, value, str(fields[key].type)) for key, value in values.items() if value is not None}
        missing = [name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in given]
        if missing:
            raise InvalidInput(f"The pipeline is missing {', '.join(missing)}.")
        return cls(**given)

    @property
    def table_names(self) -> tuple[TableName, ...]:
        return parse_tables(self.tables)

    @property
    def jdbc_url(self) -> str:
        """URL of the offset store.  The table's name must come without schema, therefore currentSchema."""
        host = f"[{self.database_host}]" if ":" in self.database_host else self.database_host
        url = f"jdbc:postgresql://{host}:{self.database_port}/{quote(self.database_name, safe='')}"
        url += f"?currentSchema={self.schema}&sslmode={self.ssl_mode}"
        return url + (f"&sslrootcert={quote(self.ca_certificate_path)}" if self.verifies_server else "")

    @property
    def verifies_server(self) -> bool:
        return self.ssl_mode.startswith("verify-")

    def topics(self) -> tuple[str, ...]:
        """Ids of the topics that Debezium publishes to, the heartbeat's last.  It makes none itself, and ends when one is missing."""
        further = (*((self.notification_topic,) if self.notification_topic else ()), self.heartbeat_topic)
        return (*((self.topic,) if self.topic is not None else table_topics(self.topic_prefix, self.tables)), *further)

    @property
    def signal_topic(self) -> str | None:
        """The topic that Debezium gives rows of the signal table, before a transform renames it."""
        return table_topics(self.topic_prefix, [f"{self.schema}.{self.signal_table}"])[0] if self.signal_table else None

    @property
    def skips_copied_rows(self) -> bool:
        """Whether a restart within a COPY loses rows (dbz#1554, fixed in 3.7)."""
        return release(self.debezium_version) < (3, 7)

    def _check_identity(self) -> None:
        if not TOPIC_PREFIX.fullmatch(self.topic_prefix):
            raise InvalidInput(f"topic_prefix {self.topic_prefix!r} must be of letters, digits, '.', '_' and '-'.")
        if not SLOT_NAME.fullmatch(self.slot_name):
            raise InvalidInput(f"slot_name {self.slot_name!r} must be of lower-case letters, digits and _, at most 63.")
        for name in ("project", "database_host", "database_name", "publication"):
            if not getattr(self, name).strip():
                raise InvalidInput(f"{name} is empty.")
        if not self.tables:
            raise InvalidInput("tables is empty; name at least one table as schema.table.")

    def _check_topics(self) -> None:
        for name in self.topics():
            if not TOPIC_ID.fullmatch(name):
                raise InvalidInput(
                    f"{name!r} is not a valid Pub/Sub topic id: 3 to 255 letters, digits and -._~+%, a letter first, and not goog."
                )
        if self.heartbeat_topic in self.topics()[:-1]:
            raise InvalidInput(f"heartbeat_topic {self.heartbeat_topic!r} must not be a change topic.")
        if self.topic is not None and self.heartbeat_topic.startswith(f"{self.topic_prefix}."):
            raise InvalidInput(f"heartbeat_topic must not start with '{self.topic_prefix}.', or heartbeats go to {self.topic}.")


def table_topics(topic_prefix: str, tables: Iterable[str]) -> tuple[str, ...]:
    """Ids of the topics for tables (`schema.table`) with one topic a table.

    Debezium replaces what Kafka does not allow in a topic's name (SchemaTopicNamingStrategy).
    """
    names = (_NOT_IN_TOPIC.sub("_", f"{topic_prefix}.{name.schema}.{name.table}") for name in parse_tables(tables))
    return tuple(dict.fromkeys(names))


def _one_of(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise InvalidInput(f"{name} {value!r} is not one of {', '.join(choices)}{_nearest(value, choices)}")


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; valid ones are {', '.join(known)}."


_TYPES: dict[str, tuple[type, str]] = {"str": (str, "a string"), "int": (int, "a whole number"), "bool": (bool, "true or false")}


def _typed(name: str, value: t.Any, annotation: str) -> t.Any:
    """`value` if it has the field's type; numbers may come as text, for templates make text of them."""
    if annotation.startswith("tuple"):
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise InvalidInput(f"{name} must be a list of strings.")
        return tuple(str(item) for item in value)
    kind, described = _TYPES[annotation.partition(" ")[0]]
    if kind is int and isinstance(value, str) and value.isdecimal():
        return int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidInput(f"{name} must be {described}, not {value!r}.")
    return kind(value)
