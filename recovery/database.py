# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline's database: as the application sees it, and in a superuser's hands."""

from __future__ import annotations

import typing as t

import psycopg
from cdc_sandbox.postgresql.cluster import Cluster
from psycopg import sql

from tests.e2e.world import PASSWORDS, World, until

from .ledger import State
from .load import TABLES

Names = dict[str, t.Any]

CATALOGS: dict[str, t.LiteralString] = {
    "publications": "SELECT p.pubname, p.oid::text, t.schemaname, t.tablename FROM pg_publication p"
    " LEFT JOIN pg_publication_tables t USING (pubname) ORDER BY 1, 3, 4",
    "slots": "SELECT slot_name, slot_type, plugin FROM pg_replication_slots ORDER BY 1",
    "roles": "SELECT rolname, rolpassword, rolreplication FROM pg_authid ORDER BY 1",
    "tables": "SELECT n.nspname, c.relname, c.oid::text, c.relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
}
"""What a run of site.yml may change in a database."""


class Slot(t.NamedTuple):
    """A replication slot.  active_pid: the process that streams from it."""

    active_pid: int | None
    wal_status: str | None


class Database:
    """One database of an instance that is there.  names: of the pipeline."""

    def __init__(self, world: World, names: Names) -> None:
        self._names, self._user = names, names["cloudsql_user"]
        self._cluster = Cluster(world.settings, names["cdc_instance"])
        self.address = world.instance_address(names["cdc_name"])
        self.server = self._cluster.daemon.name

    def application(self) -> psycopg.Connection:
        """The application's connection."""
        return psycopg.connect(
            host=self.address,
            dbname=self._names["cdc_database"],
            user=self._user,
            password=PASSWORDS["CDC_USER_PASSWORD"],
            sslmode="require",
            connect_timeout=5,
            autocommit=True,
        )

    def query(self, query: t.LiteralString | sql.Composed, *parameters: t.Any) -> list[tuple[t.Any, ...]]:
        """What a superuser's statement returns; the hand that makes a fault."""
        with self._cluster.connect(self._names["cdc_database"]) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def create_tables(self) -> None:
        with self.application() as connection:
            for table in TABLES:
                query = sql.SQL("CREATE TABLE {} (id bigint PRIMARY KEY, note text NOT NULL)").format(sql.Identifier(table))
                connection.execute(query)

    def rows(self) -> set[State]:
        """All rows that exist now."""
        found: set[State] = set()
        with self.application() as connection:
            for table in TABLES:
                query = sql.SQL("SELECT id, note FROM {}").format(sql.Identifier(table))
                found.update(State(table, number, note) for number, note in connection.execute(query))
        return found

    @property
    def offset_table(self) -> sql.Identifier:
        return sql.Identifier(self._names["cdc_debezium_schema"], self._names["cdc_offset_table"])

    def drop_offset_table(self) -> None:
        """Drop the table of the offsets, and see that it is gone."""
        self.query(sql.SQL("DROP TABLE {}").format(self.offset_table))
        assert not self.offset_table_exists()

    def offset_table_exists(self) -> bool:
        query = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = %s AND tablename = %s)"
        return bool(self.query(query, self._names["cdc_debezium_schema"], self._names["cdc_offset_table"])[0][0])

    def slot(self) -> Slot | None:
        query = "SELECT active_pid, wal_status FROM pg_replication_slots WHERE slot_name = %s"
        rows = self.query(query, self._names["cdc_slot_name"])
        return Slot(*rows[0]) if rows else None

    def walsender(self) -> int:
        """Pid of the process that streams to the pod, once there is one."""

        def active() -> int | None:
            slot = self.slot()
            return slot.active_pid if slot else None

        return int(until(active, 180, "the slot is active"))

    def idle(self) -> None:
        """Wait until nobody streams from the slot."""
        until(lambda: (slot := self.slot()) is None or slot.active_pid is None, 120, "the slot is idle")

    def forget_stream(self) -> None:
        """Drop the slot, the publication and the offsets."""
        self.idle()
        if self.slot() is not None:
            self.query("SELECT pg_drop_replication_slot(%s)", self._names["cdc_slot_name"])
        self.query(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(self._names["cdc_publication"])))
        self.query(sql.SQL("DROP TABLE IF EXISTS {}").format(self.offset_table))

    def catalogs(self) -> dict[str, t.Any]:
        return {what: self.query(query) for what, query in CATALOGS.items()}
