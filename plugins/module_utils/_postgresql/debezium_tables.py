# SPDX-License-Identifier: GPL-3.0-or-later
"""Schema and tables that Debezium itself uses: its offsets, and its signals.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._database_rules import PLAIN_NAME, RESERVED_SCHEMA
from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.plan import Action, Plan
from .connection import Connection, Sessions, session, unless_absent, unseen_warnings
from .debezium_layout import OFFSETS, SIGNALS, ExistingSchema, ExistingTable, Layout, check_columns, read_schema, read_table, wrong_columns
from .offsets import Offsets, read_offsets, record_stream
from .options import Login, ServerOptions, login
from .statements import Execute, Statement, execute, identifiers, keywords, statement


@dataclass(frozen=True)
class Observed:
    """What is there.  offsets: None when there is no offset table, or it has other columns."""

    schema: ExistingSchema | None
    tables: Mapping[str, ExistingTable]
    user_exists: bool
    may_create_schema: bool
    offsets: Offsets | None


@dataclass(frozen=True)
class DebeziumTables:
    """The wanted objects.

    user: the replication user.  offset_table, signal_table: None for none.
    topic_prefix: of the pipeline whose tables these are; refuse an offset table with offsets of another.  None does not look.
    stream: what identifies the pipeline's stream, recorded as the comment of the offset table; None records nothing.
    """

    options: ServerOptions
    login: Login
    schema: str
    offset_table: str | None
    signal_table: str | None
    user: str
    present: bool
    drop_offsets: bool
    topic_prefix: str | None = None
    stream: Mapping[str, str] | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> DebeziumTables:
        """From the parameters of the module postgresql_debezium_tables."""
        for option in ("schema", "offset_table", "signal_table"):
            if params[option] and not PLAIN_NAME.fullmatch(params[option]):
                raise InvalidInput(
                    f"{option} {params[option]!r} must be of lower-case letters, digits and _, because Debezium does not quote it."
                )
        if RESERVED_SCHEMA.fullmatch(params["schema"]):
            raise InvalidInput(f"schema {params['schema']} is one of PostgreSQL itself. Give Debezium a schema of its own.")
        offset_table, signal_table = params["offset_table"] or None, params["signal_table"] or None
        if signal_table == offset_table:
            raise InvalidInput("signal_table and offset_table must be two tables, or one of them must be given.")
        return cls(
            options=ServerOptions.from_params(params, check_mode, sessions),
            login=login(params),
            schema=params["schema"],
            offset_table=offset_table,
            signal_table=signal_table,
            user=params["replication_user"],
            present=params["state"] == "present",
            drop_offsets=params["drop_offsets"],
            topic_prefix=params["topic_prefix"] or None,
        )

    @property
    def title(self) -> str:
        return f"Debezium's objects in schema {self.schema}"

    @property
    def layouts(self) -> dict[str, Layout]:
        named = ((self.offset_table, OFFSETS), (self.signal_table, SIGNALS))
        return {name: layout for name, layout in named if name}

    def read(self) -> Observed | None:
        return unless_absent(self.options, self._read)

    def _read(self) -> Observed:
        with session(self.options, self.login) as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s) AS user_exists, "
                "has_database_privilege(current_database(), 'CREATE') AS may_create_schema",
                [self.user],
            ).fetchone()
            if row is None:
                raise AssertionError("the query always gives a row")
            schema = read_schema(connection, self.schema, self.user, list(self.layouts))
            tables = self._read_tables(connection) if schema else {}
            offsets = None
            if self.offset_table in tables and not wrong_columns(tables[self.offset_table], OFFSETS):
                offsets = read_offsets(connection, tables[self.offset_table].oid, self.schema, self.offset_table)
        return Observed(schema, tables, row["user_exists"], row["may_create_schema"], offsets)

    def _read_tables(self, connection: Connection) -> dict[str, ExistingTable]:
        found = {name: read_table(connection, self.schema, name, self.user, layout) for name, layout in self.layouts.items()}
        return {name: table for name, table in found.items() if table}

    def plan(self, observed: Observed | None) -> Plan:
        if not self.present:
            return self._plan_absent(observed)
        if observed is None:
            nothing = Observed(None, {}, True, True, None)
            everything = Execute(f"create {self.title}", self.login, (*self._statements(nothing), *self._record(nothing)))
            return Plan(None, self._wanted_state(nothing), (everything,), unseen_warnings(self.options))
        self._check(observed)
        return Plan(self._state(observed), self._wanted_state(observed), tuple(self._actions(observed)), tuple(self._warnings(observed)))

    def _actions(self, observed: Observed) -> t.Iterator[Execute]:
        statements, record = tuple(self._statements(observed)), tuple(self._record(observed))
        new = [name for name in self.layouts if name not in observed.tables]
        if new:
            summary = f"create {', '.join(f'{self.schema}.{name}' for name in new)} for {self.user}"
            yield Execute(summary, self.login, (*statements, *record))
            return
        if statements:
            yield Execute(f"complete the grants in schema {self.schema} for {self.user}", self.login, statements)
        if record:
            yield Execute(f"record the stream in the comment of {self.schema}.{self.offset_table}", self.login, record)

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        offsets = observed.offsets if observed else None
        ours = offsets.of(self.topic_prefix) if offsets else None
        return {
            "schema": self.schema,
            "exists": bool(observed and all(name in observed.tables for name in self.layouts)),
            "offset_table": self.offset_table,
            "signal_table": self.signal_table,
            "offset_keys": offsets.keys() if offsets else None,
            "offset": ours.position() if ours else None,
            "offset_saved_at": ours.saved_at if ours else None,
            "never_held_a_row": offsets.never_held_a_row if offsets else None,
            "recorded_stream": offsets.recorded_stream() if offsets else {},
        }

    def _check(self, observed: Observed) -> None:
        """Raise for what would fail half-way, before anything is changed."""
        if not observed.user_exists and not self.options.absent_allowed:
            raise Refused(f"Role {self.user} does not exist; create it first with cdc.gcp.postgresql_replication_user.")
        for name, table in observed.tables.items():
            check_columns(f"{self.schema}.{name}", table, self.layouts[name])
            if table.ungrantable:
                raise Refused(
                    f"{self.user} needs {', '.join(table.ungrantable)} on {self.schema}.{name}, and {self.login.user} may not grant it; "
                    f"log in as its owner {table.owner}."
                )
        self._check_offsets(observed.offsets)
        schema = observed.schema
        if schema is None and not observed.may_create_schema:
            raise Refused(
                f"{self.login.user} may not create schema {self.schema}; run GRANT CREATE ON DATABASE {self.options.database} TO "
                f"{self.login.user} as the database's owner."
            )
        if schema and not schema.may_create and len(observed.tables) < len(self.layouts):
            raise Refused(f"{self.login.user} may not create tables in schema {self.schema}; log in as its owner {schema.owner}.")
        if schema and not schema.usage and not schema.may_grant:
            raise Refused(
                f"{self.user} needs USAGE on schema {self.schema}, which {self.login.user} may not grant; log in as {schema.owner}."
            )

    def _check_offsets(self, offsets: Offsets | None) -> None:
        foreign = offsets.foreign(self.topic_prefix) if offsets and self.topic_prefix else []
        if foreign:
            raise Refused(
                f"{self.schema}.{self.offset_table} holds the offsets of {', '.join(foreign)}, and this pipeline's topic prefix is "
                f"{self.topic_prefix}. Debezium deletes every row when it saves, so the pipelines would delete each other's offsets and "
                "lose events after a restart. Give each pipeline an offset table of its own (cdc_offset_table, offset_table); if "
                f"{', '.join(foreign)} has ended for good, delete its row.",
                other_offsets=foreign,
            )

    def _warnings(self, observed: Observed) -> t.Iterator[str]:
        table = observed.tables.get(self.offset_table or "")
        short = [column for column in table.columns if column.name == "offset_val" and column.length] if table else []
        if short and self.signal_table:
            yield (
                f"{self.schema}.{self.offset_table} holds offsets of at most {short[0].length} characters, which an incremental snapshot "
                "of many tables exceeds; Debezium then fails. Run, as its owner, "
                f"ALTER TABLE {self.schema}.{self.offset_table} ALTER COLUMN offset_val TYPE text (it does not rewrite the table)."
            )

    def _record(self, observed: Observed) -> t.Iterator[Statement]:
        """The comment that names the stream, if it differs."""
        recorded = observed.offsets.recorded_stream() if observed.offsets else {}
        if self.offset_table and self._wanted_stream(observed) != recorded:
            yield record_stream(self.schema, self.offset_table, self._wanted_stream(observed))

    def _wanted_stream(self, observed: Observed) -> dict[str, str]:
        """What the comment should record: what it does already where it is not ours to write."""
        table = observed.tables.get(self.offset_table or "")
        kept = table is not None and not (table.ours and observed.offsets and observed.offsets.comment_is_ours)
        if self.stream is None or kept:
            return observed.offsets.recorded_stream() if observed.offsets else {}
        return dict(self.stream)

    def _statements(self, observed: Observed) -> t.Iterator[Statement]:
        schema, tables = observed.schema, observed.tables
        if schema is None:
            yield statement("CREATE SCHEMA {}", self.schema)
        if schema is None or not schema.usage:
            yield statement("GRANT USAGE ON SCHEMA {} TO {}", self.schema, self.user)
        for name, layout in self.layouts.items():
            qualified = identifiers([(self.schema, name)])
            if name not in tables:
                yield statement("CREATE TABLE {} ({})", qualified, keywords(layout.ddl))
            missing = [word for word in layout.privileges if name not in tables or word in tables[name].missing]
            if missing:
                yield statement("GRANT {} ON {} TO {}", keywords(", ".join(missing)), qualified, self.user)

    def _plan_absent(self, observed: Observed | None) -> Plan:
        if observed is None or not observed.schema:
            return Plan(None, None)
        if self.offset_table in observed.tables and not self.drop_offsets:
            raise Refused(
                f"Without its offsets in {self.schema}.{self.offset_table}, Debezium starts over with a new snapshot; "
                "set drop_offsets=true to drop them."
            )
        self._check_offsets(observed.offsets)
        foreign = [f"{self.schema}.{name} of {table.owner}" for name, table in observed.tables.items() if not table.ours]
        if foreign:
            raise Refused(f"{self.login.user} may not drop {', '.join(foreign)}; log in as the owner.")
        dropped = [f"table {self.schema}.{name}" for name in observed.tables]
        statements = [statement("DROP TABLE {}", identifiers([(self.schema, name)])) for name in observed.tables]
        if observed.schema.others == 0 and observed.schema.ours:
            statements.append(statement("DROP SCHEMA {}", self.schema))
            dropped.append(f"schema {self.schema}")
        actions = (Execute(f"drop {', '.join(dropped)}", self.login, tuple(statements)),) if statements else ()
        return Plan(self._state(observed), None, actions)

    def _state(self, observed: Observed) -> dict[str, t.Any] | None:
        if observed.schema is None:
            return None
        tables = {
            f"{self.schema}.{name}": [word for word in self.layouts[name].privileges if word not in table.missing]
            for name, table in observed.tables.items()
        }
        stream = {} if self.stream is None else {"stream": observed.offsets.recorded_stream() if observed.offsets else {}}
        return {"schema": self.schema, "usage": observed.schema.usage, "privileges": tables, "replication_user": self.user, **stream}

    def _wanted_state(self, observed: Observed) -> dict[str, t.Any]:
        tables = {f"{self.schema}.{name}": list(layout.privileges) for name, layout in self.layouts.items()}
        stream = {} if self.stream is None else {"stream": self._wanted_stream(observed)}
        return {"schema": self.schema, "usage": True, "privileges": tables, "replication_user": self.user, **stream}
