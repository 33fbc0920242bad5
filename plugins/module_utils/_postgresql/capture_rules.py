# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tables may be captured: what would break the application's writes, or lose events without a word.  PRIVATE to the collection.

Pure: facts in, sentences out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import Refused
from .._table_name import TableName, quoted
from .tables import Storage, Table, listed

GENERATED_COLUMNS_REFUSED_FROM = 180000
"""From PostgreSQL 18 an UPDATE or DELETE fails if a generated column of the replica identity is not published (its release notes, E.4)."""


@dataclass(frozen=True)
class Capture:
    """A publication as a plan will have it, and the tables in it.

    tables: those captured here.  others: further tables that the publication names or sends.
    members: tables that it will name.  sent: names that its events bear now.  removed: tables that the plan takes out.
    via_root: whether it will send changes of partitions under the name of the partitioned table.
    operations: what it publishes now; None if it does not exist.
    restricted: tables that it publishes with a row filter or column list.
    generated_columns: it publishes stored generated columns.
    keyless_partitioned: partitioned tables that the user allows to have no primary key.
    user: the replication user, if it is known.  user_exists: it is there already.
    """

    publication: str
    tables: Mapping[TableName, Table]
    others: Mapping[TableName, Table]
    members: frozenset[TableName]
    sent: tuple[TableName, ...]
    removed: frozenset[TableName]
    all_tables: bool
    via_root: bool
    operations: tuple[str, ...] | None
    restricted: tuple[TableName, ...]
    generated_columns: bool
    server_version: int
    keyless_partitioned: tuple[TableName, ...]
    user: str | None
    user_exists: bool

    @property
    def widened(self) -> bool:
        """Whether updates or deletes will be published that are not published now."""
        return self.operations is not None and not {"update", "delete"} <= set(self.operations)

    def sent_as(self, table: Table) -> TableName:
        """The name that events of `table` will bear (PostgreSQL's manual, CREATE PUBLICATION, publish_via_partition_root)."""
        if not self.via_root:
            return table.name
        published = self.members | (set(self.sent) - self.removed)
        return next((name for name in reversed(table.ancestors) if self.all_tables or name in published), table.name)


def check_capture(capture: Capture) -> None:
    """Raise one error with all that is wrong with all tables."""
    tables = [table for table in capture.tables.values() if table.kind in ("r", "p")]
    without = _without_identity(tables)
    problems = [
        *_no_table(capture.tables.values()),
        *_not_logged(tables),
        *_no_identity(without),
        *_no_key_for_partitions(capture, tables),
        *_generated(capture, tables),
        *_children(capture, tables),
        *_sent_as_root(capture),
        *_renamed(capture),
        *_rows_hidden(capture),
        *_widened(capture),
    ]
    if problems:
        details = {"tables_without_identity": list(map(str, without))} if without else {}
        raise Refused(" ".join(problems), problems=problems, **details)


def capture_warnings(capture: Capture, added: Sequence[TableName]) -> Iterator[str]:
    """What to say once, of the tables in `added`, which the plan adds; and of row level security that cannot be judged."""
    hidden = [table for table in capture.tables.values() if table.rows_hidden]
    if hidden and capture.user is None:
        yield (
            f"Row level security is enabled on {_names(hidden)}: a snapshot has only the rows that policies let the replication user read, "
            "and may be empty. Set replication_user, so that this is checked."
        )
    for table in (capture.tables[name] for name in added):
        if table.children:
            yield (
                f"{table.name} has children by INHERITS ({listed(table.children)}), which are captured too: a snapshot emits their rows "
                f"also as rows of {table.name}, and later changes only under their own names."
            )


def toast_warnings(tables: Sequence[TableName]) -> Iterator[str]:
    """What to say of tables with large values."""
    if tables:
        yield (
            f"Large values of {listed(tables)} that an UPDATE does not change arrive as __debezium_unavailable_value, because "
            "PostgreSQL does not log them again. Let consumers keep the old value, switch debezium_k8s_reselect_unavailable_values on, or "
            "run ALTER TABLE ... REPLICA IDENTITY FULL, which logs more."
        )


def long_key_warnings(tables: Iterable[Table]) -> Iterator[str]:
    """What to say of tables whose key may not fit into an ordering key (Pub/Sub quotas: at most 1,024 bytes)."""
    found = [f"{table.name} ({', '.join(table.long_keys)})" for table in tables if table.long_keys]
    if found:
        yield (
            f"The key of {', '.join(found)} may be longer than 1 KB, and Pub/Sub refuses such an ordering key, which ends Debezium"
            " until somebody intervenes. Limit the length of the column, name other columns in debezium.source.message.key.columns, or set"
            " debezium_k8s_ordering: false."
        )


def _no_table(tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        if table.kind not in ("r", "p"):
            yield f"{table.name} is not a table (relkind {table.kind}); a publication has only tables and partitioned tables."
        elif not table.permanent:
            yield f"{table.name} is unlogged or temporary; its changes never reach the write-ahead log."


def _not_logged(tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        if not table.permanent:
            continue
        parts = [one for one in table.storage if one.kind == "f" or not one.permanent]
        if parts:
            foreign = [one for one in parts if one.kind == "f"]
            what = "unlogged" if not foreign else "foreign tables" if len(foreign) == len(parts) else "unlogged or foreign tables"
            yield (
                f"Partitions of {table.name} are {what}: {_names(parts)}. Their rows would be in a snapshot, but their changes never reach "
                "this server's write-ahead log. Detach them, or run ALTER TABLE ... SET LOGGED."
            )


# The application's writes: once a table without replica identity is in a publication that publishes updates and deletes, both fail on it
# (PostgreSQL's manual, "Publication").


def _without_identity(tables: Iterable[Table]) -> list[TableName]:
    parts = [one for table in tables for one in table.storage if one.identity is None and one.kind == "r"]
    return list(dict.fromkeys(one.name for one in parts))


def _no_identity(without: Sequence[TableName]) -> Iterator[str]:
    if without:
        yield (
            f"No primary key and no replica identity: {listed(without)}. If captured, the application's UPDATE and DELETE would fail. "
            "Add a primary key that is not DEFERRABLE, or run ALTER TABLE ... REPLICA IDENTITY FULL (or USING INDEX) as the owner."
        )


def _no_key_for_partitions(capture: Capture, tables: Iterable[Table]) -> Iterator[str]:
    keyless = [table for table in tables if _keyless(table) and table.name not in capture.keyless_partitioned]
    if keyless:
        yield (
            f"No primary key on the partitioned table: {_names(keyless)}. A new partition inherits the key, but no REPLICA IDENTITY: the "
            "application's UPDATE and DELETE would fail on the next partition. Add a primary key that is not DEFERRABLE; or, if whatever "
            "creates partitions sets their replica identity too, name the table in keyless_partitioned_tables (of a pipeline: "
            "cloudsql_keyless_partitioned_tables)."
        )


def _keyless(table: Table) -> bool:
    return any(one.kind == "p" and one.identity is None for one in table.storage)


def _generated(capture: Capture, tables: Iterable[Table]) -> Iterator[str]:
    refused = [one for table in tables for one in table.storage if _generated_refused(capture, one)]
    if refused:
        named = ", ".join(f"{one.name} ({', '.join(map(quoted, (*one.stored, *one.virtual)))})" for one in refused)
        text = (
            f"Generated columns are part of the replica identity, but not published: {named}. PostgreSQL {capture.server_version // 10000} "
            "then refuses the application's UPDATE and DELETE. Run ALTER TABLE ... REPLICA IDENTITY DEFAULT (with a primary key) or "
            "USING INDEX"
        )
        if not any(one.virtual for one in refused):
            verb, words = ("CREATE", "WITH") if capture.operations is None else ("ALTER", "SET")
            text += f", or {verb} PUBLICATION {quoted(capture.publication)} {words} (publish_generated_columns = stored)"
        yield f"{text}."


def _generated_refused(capture: Capture, one: Storage) -> bool:
    unpublished = one.virtual or (one.stored and not capture.generated_columns)
    return bool(unpublished) and capture.server_version >= GENERATED_COLUMNS_REFUSED_FROM


def _widened(capture: Capture) -> Iterator[str]:
    if not capture.widened or capture.operations is None:
        return
    broken = [
        one.name
        for table in capture.others.values()
        for one in table.storage
        if table.name not in capture.removed and (one.identity is None or _generated_refused(capture, one))
    ]
    changed = f"Publication {capture.publication} publishes only {', '.join(capture.operations) or 'nothing'}; with updates and deletes"
    if broken:
        yield (
            f"{changed} the application's UPDATE and DELETE would fail on its other tables without primary key or replica identity: "
            f"{listed(dict.fromkeys(broken))}. Give them one, or use a publication of the pipeline's own (another name)."
        )
    restricted = [name for name in capture.restricted if name not in capture.removed]
    if restricted:
        widen = f"ALTER PUBLICATION {quoted(capture.publication)} SET (publish = 'insert, update, delete, truncate')"
        yield (
            f"{changed} the application's UPDATE and DELETE would fail on {listed(restricted)}, unless the replica identity has all "
            "columns of the row filter, and the column list all of the replica identity. Use a publication of the pipeline's own (another "
            f"name), or check that and run {widen}."
        )


# Events that would never arrive


def _children(capture: Capture, tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        missing = [name for name in table.children if name not in capture.tables]
        if missing:
            yield (
                f"{table.name} has children by INHERITS that are not captured: {listed(missing)}. A snapshot would emit their rows as "
                f"rows of {table.name}, but their changes bear their own names and would be dropped. Capture these tables too, or only "
                f"them, or run ALTER TABLE ... NO INHERIT {table.name}."
            )


def _sent_as_root(capture: Capture) -> Iterator[str]:
    for table in capture.tables.values():
        bears = capture.sent_as(table)
        if bears != table.name:
            yield (
                f"{table.name} is a partition of {bears}, which publication {capture.publication} publishes with "
                f"publish_via_partition_root: its events bear the name {bears}, and Debezium would drop them. Capture {bears} instead."
            )


def _renamed(capture: Capture) -> Iterator[str]:
    """Partitions that somebody else may capture under the names that their events bear now."""
    for name in capture.sent:
        table = capture.others.get(name)
        if table is None or name in capture.removed:
            continue
        bears, named = capture.sent_as(table), name in capture.members
        if bears != name and (named or bears not in capture.tables):
            publication = quoted(capture.publication)
            change = f"DROP TABLE {name}" if named else "SET (publish_via_partition_root = true)"
            yield (
                f"Events of {name} bear this name in publication {capture.publication} now, and would bear the name {bears}: whoever "
                "captures it would lose them. Use a publication of the pipeline's own (another name), or, if nobody does, run "
                f"ALTER PUBLICATION {publication} {change}."
            )


def _rows_hidden(capture: Capture) -> Iterator[str]:
    hidden = [table for table in capture.tables.values() if table.rows_hidden]
    if not hidden or capture.user is None:
        return
    user = quoted(capture.user)
    limited = [table for table in hidden if table.limiting_policies]
    policies = " ".join(f"CREATE POLICY {user} ON {table.name} FOR SELECT TO {user} USING (true);" for table in hidden)
    text = (
        f"Row level security hides rows of {_names(hidden)} from {capture.user}, so that a snapshot would lack them without an error. "
        f"Run as the owner: {policies} or give the role BYPASSRLS."
    )
    if limited:
        named = ", ".join(f"{', '.join(map(quoted, table.limiting_policies))} on {table.name}" for table in limited)
        text += f" Restrictive policies apply as well, and must exempt {user}: {named}."
    if not capture.user_exists:
        text += f" The role must exist for that: CREATE ROLE {user} LOGIN REPLICATION."
    yield text


def _names(named: Iterable[Table | Storage]) -> str:
    return listed(one.name for one in named)
