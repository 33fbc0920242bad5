# SPDX-License-Identifier: GPL-3.0-or-later
"""The publication: which tables PostgreSQL sends to Debezium.  PRIVATE to the collection.

It is FOR TABLE with a list of tables: FOR ALL TABLES and FOR TABLES IN SCHEMA need a superuser, which Cloud SQL does not offer.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import Refused
from .._reconcile.plan import Action, Plan
from .._table_name import TableName, parse_tables
from .capture_rules import Capture, capture_warnings, check_capture, long_key_warnings, toast_warnings
from .connection import Connection, Sessions, session, unless_absent, unseen_warnings
from .options import Login, ServerOptions, login
from .slots import drop_first, left_unread, read_slots
from .statements import Execute, Statement, execute, keywords, only, statement
from .tables import Table, not_there_yet, read_tables

OPERATIONS = ("insert", "update", "delete", "truncate")
"""What a publication publishes by default, and all that there is."""


@dataclass(frozen=True)
class Existing:
    """A publication that exists.

    ours: the login has the rights of its owner.
    tables: those that it names.  sent: those whose names its events bear (pg_publication_tables).
    restricted: tables with a row filter or column list.
    generated_columns: it publishes stored generated columns, which needs PostgreSQL 18.
    """

    owner: str
    ours: bool
    all_tables: bool
    operations: tuple[str, ...]
    via_root: bool
    tables: tuple[TableName, ...]
    sent: tuple[TableName, ...]
    restricted: tuple[TableName, ...]
    generated_columns: bool


@dataclass(frozen=True)
class Observed:
    """What is there.

    tables: those of the wanted ones that exist.  others: further tables of the publication.
    may_create: the login may make publications in this database.
    slots: as left_unread() has them, for a removal.
    user_exists: the replication user is there.
    """

    publication: Existing | None
    tables: Mapping[TableName, Table]
    others: Mapping[TableName, Table]
    server_version: int
    may_create: bool
    user_exists: bool
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publication:
    """The publication as wanted.

    tables: to publish; those that do not exist yet are pending.  exact: take out tables that are not named here.
    replication_user: who will read the rows; None if that is not known.
    keyless_partitioned: partitioned tables that may be captured without a primary key.
    warn_of_toast: say which added tables have large values, which an event may lack.
    warn_of_long_keys: say which added tables have a key that may not fit into an ordering key.
    insert_only: tables whose rows are never updated (Debezium's signals), so that no event of theirs lacks a value.
    """

    options: ServerOptions
    login: Login
    name: str
    tables: tuple[TableName, ...]
    exact: bool
    present: bool
    add_tables: bool = True
    ignore_slots: tuple[str, ...] = ()
    replication_user: str | None = None
    keyless_partitioned: tuple[TableName, ...] = ()
    warn_of_toast: bool = True
    warn_of_long_keys: bool = False
    insert_only: tuple[TableName, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> Publication:
        """From the parameters of the module postgresql_publication."""
        return cls(
            options=ServerOptions.from_params(params, check_mode, sessions),
            login=login(params),
            name=params["name"],
            tables=parse_tables(params["tables"] or ()),
            exact=params["exact"],
            present=params["state"] == "present",
            ignore_slots=tuple(params["ignore_slots"]),
            replication_user=params["replication_user"],
            keyless_partitioned=parse_tables(params["keyless_partitioned_tables"]),
        )

    @property
    def title(self) -> str:
        return f"publication {self.name}"

    def read(self) -> Observed | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        with session(self.options, self.login) as connection:
            rights = connection.execute(
                "SELECT has_database_privilege(current_database(), 'CREATE') AS may_create, "
                "EXISTS (SELECT FROM pg_roles WHERE rolname = %s) AS user_exists",
                [self.replication_user],
            ).fetchone()
            if rights is None:
                raise AssertionError("the query always gives a row")
            existing = read_publication(connection, self.name)
            names = dict.fromkeys((*self.tables, *(existing.tables if existing else ()), *(existing.sent if existing else ())))
            found = read_tables(connection, tuple(names), self.replication_user)
            tables = {name: found.pop(name) for name in self.tables if name in found}
            slots = () if self.present else left_unread(read_slots(connection), self.options.database, self.ignore_slots)
            return Observed(existing, tables, found, connection.info.server_version, **rights, slots=tuple(slots))

    def plan(self, observed: Observed | None) -> Plan:
        if not self.present:
            return self._plan_absent(observed)
        if observed is None:
            create = Execute(f"create {self.title} for no table yet", self.login, (self._create((), False),))
            pending = {"pending_tables": [str(name) for name in self.tables], "tables_with_toast": []}
            return Plan(None, self._state((), OPERATIONS, False), (create,), unseen_warnings(self.options), pending)
        existing = observed.publication
        capture = self._capture(observed)
        check_capture(capture)
        warnings = [*self._pending_warnings(observed), *(_restricted_warnings(self.name, existing) if existing else ())]
        added = self._added(observed)
        warnings += capture_warnings(capture, added)
        with_toast = [name for name, table in observed.tables.items() if table.toast and name not in self.insert_only]
        if self.warn_of_toast:
            warnings += toast_warnings([name for name in added if name in with_toast])
        if self.warn_of_long_keys:
            warnings += long_key_warnings(observed.tables[name] for name in added if name not in self.insert_only)
        facts = {
            "pending_tables": [str(name) for name in self._pending(observed)],
            "tables_with_toast": [str(name) for name in with_toast],
        }
        if existing is None:
            return Plan(None, *self._plan_new(observed), tuple(warnings), facts)
        before = self._state(existing.tables, existing.operations, existing.via_root)
        return Plan(before, *self._plan_change(observed, existing), tuple(warnings), facts)

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        existing = observed.publication if observed else None
        return {
            "name": self.name,
            "exists": existing is not None,
            "owner": existing.owner if existing else None,
            "tables": sorted(str(name) for name in existing.tables) if existing else [],
            "other_tables": sorted(str(name) for name in existing.tables if name not in self.tables) if existing else [],
            "publish_via_partition_root": existing.via_root if existing else None,
        }

    def _plan_absent(self, observed: Observed | None) -> Plan:
        existing = observed.publication if observed else None
        if observed is None or existing is None:
            return Plan(None, None)
        if observed.slots:
            # pgoutput looks the publication up as of the change that it decodes, so a new one does not bring the slot back.
            raise Refused(
                f"Replication slot {', '.join(observed.slots)} of database {self.options.database} could never be read again without "
                f"{self.title}, not even after it is created again. {drop_first(observed.slots)}"
            )
        self._check_owner(existing)
        before = self._state(existing.tables, existing.operations, existing.via_root)
        return Plan(before, None, (Execute(f"drop {self.title}", self.login, (statement("DROP PUBLICATION {}", self.name),)),))

    def _plan_new(self, observed: Observed) -> tuple[dict[str, t.Any], tuple[Execute, ...]]:
        if not observed.may_create:
            raise Refused(
                f"{self.login.user} may not make a publication; run GRANT CREATE ON DATABASE {self.options.database} TO {self.login.user} "
                "as the database's owner, or log in as another owner of the tables."
            )
        tables = list(observed.tables)
        self._check_tables_ours(observed.tables.values())
        via_root = _partitioned(observed.tables)
        summary = f"create {self.title} for {', '.join(map(str, tables)) or 'no table yet'}"
        return self._state(tables, OPERATIONS, via_root), (Execute(summary, self.login, (self._create(tables, via_root),)),)

    def _plan_change(self, observed: Observed, existing: Existing) -> tuple[dict[str, t.Any], tuple[Execute, ...]]:
        added, removed = self._added(observed) if self.add_tables else [], self._removed(existing)
        via_root = existing.via_root or _partitioned(observed.tables)
        actions = []
        if via_root != existing.via_root or set(existing.operations) != set(OPERATIONS):
            change = statement("ALTER PUBLICATION {} SET ({})", self.name, keywords(_OPTIONS[via_root]))
            actions.append(Execute(f"alter {self.title}: {_OPTIONS[via_root]}", self.login, (change,)))
        if added:
            change = statement("ALTER PUBLICATION {} ADD TABLE {}", self.name, _only(added))
            actions.append(Execute(f"add {', '.join(map(str, added))} to {self.title}", self.login, (change,)))
        if removed:
            change = statement("ALTER PUBLICATION {} DROP TABLE {}", self.name, _only(removed))
            actions.append(Execute(f"take {', '.join(map(str, removed))} out of {self.title}", self.login, (change,)))
        if actions:
            self._check_owner(existing)
        self._check_tables_ours(observed.tables[name] for name in added)
        tables = [name for name in existing.tables if name not in removed] + added
        return self._state(tables, OPERATIONS, via_root), tuple(actions)

    def _added(self, observed: Observed) -> list[TableName]:
        existing = observed.publication
        if existing is None:
            return list(observed.tables)
        return [] if existing.all_tables else [name for name in observed.tables if name not in existing.tables]

    def _removed(self, existing: Existing) -> list[TableName]:
        return [name for name in existing.tables if name not in self.tables] if self.exact and not existing.all_tables else []

    def _capture(self, observed: Observed) -> Capture:
        """The publication as it will be, for the rules of what may be captured."""
        existing = observed.publication
        removed = frozenset(self._removed(existing) if existing else ())
        return Capture(
            publication=self.name,
            tables=observed.tables,
            others=observed.others,
            members=frozenset((*(existing.tables if existing else ()), *self._added(observed))) - removed,
            sent=existing.sent if existing else (),
            removed=removed,
            all_tables=existing is not None and existing.all_tables,
            via_root=_partitioned(observed.tables) or (existing is not None and existing.via_root),
            operations=existing.operations if existing else None,
            restricted=existing.restricted if existing else (),
            generated_columns=existing is not None and existing.generated_columns,
            server_version=observed.server_version,
            keyless_partitioned=self.keyless_partitioned,
            user=self.replication_user,
            user_exists=observed.user_exists,
        )

    def _create(self, tables: Sequence[TableName], via_root: bool) -> Statement:
        listed = statement("FOR TABLE {}", _only(tables)) if tables else keywords("")
        return statement("CREATE PUBLICATION {} {} WITH ({})", self.name, listed, keywords(_OPTIONS[via_root]))

    def _check_owner(self, existing: Existing) -> None:
        if not existing.ours:
            raise Refused(f"{self.title} belongs to {existing.owner}, so {self.login.user} may not change it; log in as {existing.owner}.")

    def _check_tables_ours(self, tables: Iterable[Table]) -> None:
        foreign = [table for table in tables if not table.ours]
        if foreign:
            named = ", ".join(f"{table.name} belongs to {table.owner}" for table in foreign)
            raise Refused(f"{named}, so {self.login.user} may not publish it; log in as the owner, or as a member of the owner's role.")

    def _pending(self, observed: Observed) -> list[TableName]:
        return [name for name in self.tables if name not in observed.tables]

    def _pending_warnings(self, observed: Observed) -> t.Iterator[str]:
        pending = self._pending(observed)
        if pending:
            yield not_there_yet(pending)

    def _state(self, tables: Iterable[TableName], operations: Iterable[str], via_root: bool) -> dict[str, t.Any]:
        return {
            "name": self.name,
            "tables": sorted(str(name) for name in tables),
            "publish": list(operations),
            "publish_via_partition_root": via_root,
        }


_OPTIONS: dict[bool, t.LiteralString] = {
    False: "publish = 'insert, update, delete, truncate', publish_via_partition_root = false",
    True: "publish = 'insert, update, delete, truncate', publish_via_partition_root = true",
}


def read_publication(connection: Connection, name: str) -> Existing | None:
    """The publication `name`, or None when there is none."""
    row = connection.execute(
        "SELECT *, pg_get_userbyid(pubowner) AS owner, pg_has_role(pubowner, 'USAGE') AS ours FROM pg_publication WHERE pubname = %s",
        [name],
    ).fetchone()
    if row is None:
        return None
    relations = connection.execute(
        "SELECT n.nspname AS schema, c.relname AS table, p.prqual IS NOT NULL OR p.prattrs IS NOT NULL AS restricted "
        "FROM pg_publication_rel p JOIN pg_class c ON c.oid = p.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE p.prpubid = %s ORDER BY 1, 2",
        [row["oid"]],
    ).fetchall()
    named = [(TableName(one["schema"], one["table"]), one["restricted"]) for one in relations]
    sent = connection.execute(
        "SELECT schemaname AS schema, tablename AS table FROM pg_publication_tables WHERE pubname = %s ORDER BY 1, 2", [name]
    ).fetchall()
    return Existing(
        owner=row["owner"],
        ours=row["ours"],
        all_tables=row["puballtables"],
        operations=tuple(word for word in OPERATIONS if row[f"pub{word}"]),
        via_root=row["pubviaroot"],
        tables=tuple(name for name, _ in named),
        sent=tuple(TableName(one["schema"], one["table"]) for one in sent),
        restricted=tuple(name for name, restricted in named if restricted),
        generated_columns=row.get("pubgencols") == "s",
    )


def _only(tables: Iterable[TableName]) -> Statement:
    return only((name.schema, name.table) for name in tables)


def _partitioned(tables: Mapping[TableName, Table]) -> bool:
    """Without publish_via_partition_root, changes bear the partition's name, and Debezium would drop them."""
    return any(table.kind == "p" for table in tables.values())


def _restricted_warnings(name: str, existing: Existing) -> t.Iterator[str]:
    if existing.restricted:
        tables = ", ".join(map(str, existing.restricted))
        yield f"publication {name} publishes {tables} with a row filter or column list, so not every change arrives."
