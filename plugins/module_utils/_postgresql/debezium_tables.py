# SPDX-License-Identifier: GPL-3.0-or-later
"""Schema and tables that Debezium itself uses: its offsets, and its signals.  PRIVATE to the collection.

The tables are those of Debezium's documentation (JDBC offset storage; signalling), so that Debezium finds them as if it had made them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._database_rules import PLAIN_NAME
from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.plan import Action, Plan
from .connection import Connection, Sessions, session, unless_absent, unseen_warnings
from .options import Login, ServerOptions, login
from .statements import Execute, Statement, execute, identifiers, keywords, statement


@dataclass(frozen=True)
class Column:
    """A column.  kind: the type as format_type() spells it.  length: of a character varying, else None."""

    name: str
    kind: str
    required: bool = False
    key: bool = False
    length: int | None = None

    def holds(self, wanted: Column) -> bool:
        """Whether this column, of a table that is there, takes what `wanted` would."""
        if (self.name, self.key) != (wanted.name, wanted.key):
            return False
        if wanted.length is None:
            return self.kind == wanted.kind
        return self.kind == "text" or (self.kind == wanted.kind and (self.length is None or self.length >= wanted.length))

    def __str__(self) -> str:
        return f"{self.name} {self.kind}" + (f"({self.length})" if self.length else "")


@dataclass(frozen=True)
class Layout:
    """A table of Debezium's.  ddl: what CREATE TABLE has in parentheses.  privileges: what the replication user needs."""

    columns: tuple[Column, ...]
    ddl: t.LiteralString
    privileges: tuple[t.LiteralString, ...]


OFFSETS = Layout(
    (
        Column("id", "character varying", True, True, 36),
        Column("offset_key", "character varying", length=1255),
        Column("offset_val", "character varying", length=1255),
        Column("record_insert_ts", "timestamp without time zone", True),
        Column("record_insert_seq", "integer", True),
    ),
    "id varchar(36) NOT NULL PRIMARY KEY, offset_key varchar(1255), offset_val varchar(1255), "
    "record_insert_ts timestamp NOT NULL, record_insert_seq integer NOT NULL",
    ("SELECT", "INSERT", "DELETE"),
)

SIGNALS = Layout(
    (
        Column("id", "character varying", True, True, 42),
        Column("type", "character varying", True, length=32),
        Column("data", "character varying", length=2048),
    ),
    "id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048)",
    ("SELECT", "INSERT"),
)


@dataclass(frozen=True)
class ExistingTable:
    """A table that exists.  missing: privileges that the replication user lacks.  ungrantable: those of them the login may not grant."""

    owner: str
    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    ungrantable: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class ExistingSchema:
    """The schema.  usage: the replication user has USAGE.  may_create, may_grant: what the login may do.  others: further objects in it."""

    owner: str
    usage: bool
    may_create: bool
    may_grant: bool
    ours: bool
    others: int


@dataclass(frozen=True)
class Observed:
    """What is there.  offset_keys: the keys in the offset table; None when it is not there or not readable."""

    schema: ExistingSchema | None
    tables: Mapping[str, ExistingTable]
    user_exists: bool
    may_create_schema: bool
    offset_keys: tuple[str, ...] | None


@dataclass(frozen=True)
class DebeziumTables:
    """The wanted objects.  user: the replication user.  offset_table, signal_table: None for none."""

    options: ServerOptions
    login: Login
    schema: str
    offset_table: str | None
    signal_table: str | None
    user: str
    present: bool
    drop_offsets: bool

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> DebeziumTables:
        """From the parameters of the module postgresql_debezium_tables."""
        for option in ("schema", "offset_table", "signal_table"):
            if params[option] and not PLAIN_NAME.fullmatch(params[option]):
                raise InvalidInput(
                    f"{option} {params[option]!r} must be of lower-case letters, digits and _, because Debezium does not quote it."
                )
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
            schema = _read_schema(connection, self.schema, self.user, list(self.layouts))
            tables = {name: table for name in self.layouts if (table := self._read_table(connection, name))} if schema else {}
            keys = _offset_keys(connection, self.schema, self.offset_table) if self.offset_table and self.offset_table in tables else None
        return Observed(schema, tables, row["user_exists"], row["may_create_schema"], keys)

    def _read_table(self, connection: Connection, name: str) -> ExistingTable | None:
        parameters = {"schema": self.schema, "table": name, "role": self.user, "privileges": list(self.layouts[name].privileges)}
        row = connection.execute(_TABLE, parameters).fetchone()
        if row is None:
            return None
        columns = tuple(Column(**column) for column in connection.execute(_COLUMNS, [row["oid"]]).fetchall())
        return ExistingTable(row["owner"], columns, tuple(row["missing"]), tuple(row["ungrantable"]), row["ours"])

    def plan(self, observed: Observed | None) -> Plan:
        if not self.present:
            return self._plan_absent(observed)
        if observed is None:
            everything = Execute(f"create {self.title}", self.login, tuple(self._statements(None, {})))
            return Plan(None, self._wanted_state(), (everything,), unseen_warnings(self.options))
        self._check(observed)
        before = self._state(observed)
        statements = tuple(self._statements(observed.schema, observed.tables))
        new = [name for name in self.layouts if name not in observed.tables]
        what = f"create {', '.join(f'{self.schema}.{name}' for name in new)}" if new else f"complete the grants in schema {self.schema}"
        actions = (Execute(f"{what} for {self.user}", self.login, statements),) if statements else ()
        return Plan(before, self._wanted_state(), actions)

    def apply(self, action: Action) -> None:
        execute(self.options, action)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        keys = observed.offset_keys if observed else None
        return {
            "schema": self.schema,
            "exists": bool(observed and all(name in observed.tables for name in self.layouts)),
            "offset_table": self.offset_table,
            "signal_table": self.signal_table,
            "offset_keys": None if keys is None else list(keys),
        }

    def _check(self, observed: Observed) -> None:
        """Raise for what would fail half-way, before anything is changed."""
        if not observed.user_exists and not self.options.absent_allowed:
            raise Refused(f"Role {self.user} does not exist; create it first with cdc.gcp.postgresql_replication_user.")
        for name, table in observed.tables.items():
            _check_columns(f"{self.schema}.{name}", table, self.layouts[name])
            if table.ungrantable:
                raise Refused(
                    f"{self.user} needs {', '.join(table.ungrantable)} on {self.schema}.{name}, and {self.login.user} may not grant it; "
                    f"log in as its owner {table.owner}."
                )
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

    def _statements(self, schema: ExistingSchema | None, tables: Mapping[str, ExistingTable]) -> t.Iterator[Statement]:
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
        return {"schema": self.schema, "usage": observed.schema.usage, "privileges": tables, "replication_user": self.user}

    def _wanted_state(self) -> dict[str, t.Any]:
        tables = {f"{self.schema}.{name}": list(layout.privileges) for name, layout in self.layouts.items()}
        return {"schema": self.schema, "usage": True, "privileges": tables, "replication_user": self.user}


def _check_columns(name: str, table: ExistingTable, layout: Layout) -> None:
    there = {column.name: column for column in table.columns}
    wrong = [str(column) for column in layout.columns if column.name not in there or not there[column.name].holds(column)]
    further = [column for column in table.columns if column.name not in {one.name for one in layout.columns} and column.required]
    if wrong or further:
        raise Refused(
            f"{name} exists, but is not Debezium's table: "
            + "; ".join([f"it needs {column}" for column in wrong] + [f"{column} must not be required" for column in further])
            + ". Use another name, or change the table."
        )


def _offset_keys(connection: Connection, schema: str, table: str) -> tuple[str, ...] | None:
    allowed = connection.execute(
        "SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS yes "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE n.nspname = %s AND c.relname = %s AND a.attname = 'offset_key'",
        [schema, table],
    ).fetchone()
    if not allowed or not allowed["yes"]:
        return None
    rows = connection.execute(statement("SELECT DISTINCT offset_key FROM {} ORDER BY 1", identifiers([(schema, table)]))).fetchall()
    return tuple(row["offset_key"] for row in rows)


# Role 0 is PUBLIC: a role that is not there yet will have what everybody has.
_SCHEMA = """
SELECT pg_get_userbyid(n.nspowner) AS owner, has_schema_privilege(role.oid, n.oid, 'USAGE') AS usage,
       has_schema_privilege(n.oid, 'CREATE') AS may_create, has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION') AS may_grant,
       pg_has_role(n.nspowner, 'USAGE') AS ours,
       (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind <> 'i' AND c.relname <> ALL(%(tables)s))
           + (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid) AS others
FROM pg_namespace n, (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE n.nspname = %(schema)s
"""

_TABLE = """
SELECT c.oid, pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'USAGE') AS ours,
       ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) p WHERE NOT has_table_privilege(role.oid, c.oid, p)) AS missing,
       ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) p WHERE NOT has_table_privilege(role.oid, c.oid, p)
             AND NOT has_table_privilege(c.oid, p || ' WITH GRANT OPTION')) AS ungrantable
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT coalesce((SELECT oid FROM pg_roles WHERE rolname = %(role)s), 0) AS oid) role
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
"""

_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS kind, a.attnotnull AND NOT a.atthasdef AS required,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)) AS key,
       CASE WHEN a.atttypid = 'varchar'::regtype AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length
FROM pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


def _read_schema(connection: Connection, schema: str, role: str, tables: list[str]) -> ExistingSchema | None:
    row = connection.execute(_SCHEMA, {"schema": schema, "role": role, "tables": tables}).fetchone()
    return ExistingSchema(**row) if row else None
