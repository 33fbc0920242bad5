"""Database flags: the part of Cloud SQL's list for PostgreSQL 16 that matters here, and the check of what an instance asks for.

Limits are Cloud SQL's or, where it names none, PostgreSQL's.  Each flag really reaches the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..call import Call
from ..errors import ApiError
from ..types import Json

VERSIONS = ["POSTGRES_13", "POSTGRES_14", "POSTGRES_15", "POSTGRES_16", "POSTGRES_17", "POSTGRES_18"]
INT_MAX = 2147483647


@dataclass(frozen=True)
class Flag:
    """One flag.

    kind: SqlFlagType of the API.
    limits: smallest and largest value of an INTEGER or FLOAT.
    values: what a STRING may be; () is anything.
    restart: whether the server takes it only at its start.
    """

    name: str
    kind: str = "INTEGER"
    limits: tuple[int, int] | None = None
    values: tuple[str, ...] = ()
    restart: bool = False

    def render(self) -> Json:
        flag: Json = {"kind": "sql#flag", "name": self.name, "type": self.kind, "appliesTo": VERSIONS, "requiresRestart": self.restart}
        if self.limits:
            flag.update(minValue=str(self.limits[0]), maxValue=str(self.limits[1]))
        if self.values:
            flag["allowedStringValues"] = list(self.values)
        return flag

    def allows(self, value: str) -> bool:
        """Whether Cloud SQL takes this value."""
        if self.kind == "BOOLEAN":
            return value in ("on", "off")
        if self.kind in ("INTEGER", "FLOAT"):
            try:
                number = int(value) if self.kind == "INTEGER" else float(value)
            except ValueError:
                return False
            return self.limits is None or self.limits[0] <= number <= self.limits[1]
        return not self.values or value in self.values


FLAGS = {
    flag.name: flag
    for flag in (
        Flag("autovacuum", "BOOLEAN"),
        Flag("autovacuum_max_workers", limits=(1, 262143), restart=True),
        Flag("autovacuum_naptime", limits=(1, 2147483)),
        Flag("autovacuum_vacuum_scale_factor", "FLOAT", (0, 100)),
        Flag("checkpoint_timeout", limits=(30, 86400)),
        Flag("cloudsql.enable_pgaudit", "BOOLEAN", restart=True),
        Flag("cloudsql.iam_authentication", "BOOLEAN"),
        Flag("cloudsql.logical_decoding", "BOOLEAN", restart=True),
        Flag("deadlock_timeout", limits=(1, INT_MAX)),
        Flag("default_statistics_target", limits=(1, 10000)),
        Flag("idle_in_transaction_session_timeout", limits=(0, INT_MAX)),
        Flag("log_autovacuum_min_duration", limits=(-1, INT_MAX)),
        Flag("log_checkpoints", "BOOLEAN"),
        Flag("log_connections", "BOOLEAN"),
        Flag("log_disconnections", "BOOLEAN"),
        Flag("log_duration", "BOOLEAN"),
        Flag("log_lock_waits", "BOOLEAN"),
        Flag("log_min_duration_statement", limits=(-1, INT_MAX)),
        Flag("log_replication_commands", "BOOLEAN"),
        Flag("log_statement", "STRING", values=("none", "ddl", "mod", "all")),
        Flag("log_temp_files", limits=(-1, INT_MAX)),
        Flag("logical_decoding_work_mem", limits=(64, INT_MAX)),
        Flag("maintenance_work_mem", limits=(1024, INT_MAX)),
        Flag("max_connections", limits=(14, 262143), restart=True),
        Flag("max_locks_per_transaction", limits=(10, INT_MAX), restart=True),
        Flag("max_logical_replication_workers", limits=(0, 262143), restart=True),
        Flag("max_replication_slots", limits=(10, 262143), restart=True),
        Flag("max_slot_wal_keep_size", limits=(-1, INT_MAX)),
        Flag("max_wal_senders", limits=(10, 262143), restart=True),
        Flag("max_wal_size", limits=(2, INT_MAX)),
        Flag("max_worker_processes", limits=(8, 262143), restart=True),
        Flag("random_page_cost", "FLOAT", (0, INT_MAX)),
        Flag("statement_timeout", limits=(0, INT_MAX)),
        Flag("track_commit_timestamp", "BOOLEAN", restart=True),
        Flag("wal_compression", "BOOLEAN"),
        Flag("wal_receiver_timeout", limits=(0, INT_MAX)),
        Flag("wal_sender_timeout", limits=(0, INT_MAX)),
        Flag("work_mem", limits=(64, INT_MAX)),
    )
}
"""By name."""


def check(wanted: Iterable[Json]) -> None:
    """Refuse a list of `{name, value}` that Cloud SQL would refuse."""
    names = set()
    for item in wanted:
        name, value = item.get("name", ""), item.get("value", "")
        flag = FLAGS.get(name)
        if flag is None:
            raise ApiError(400, f"Invalid request: Flag requested cannot be set: {name}.", reason="invalidFlagName")
        if name in names:
            raise ApiError(400, f"Invalid request: Flag {name} is given twice.", reason="invalid")
        if not flag.allows(value):
            raise ApiError(400, "Value requested is not valid.", reason="invalidFlagValue")
        names.add(name)


def list_flags(call: Call) -> Json:
    """sql.flags.list."""
    (version,) = call.query.get("databaseVersion", ["POSTGRES_16"])[:1]
    scope = call.query.get("flagScope", ["SQL_FLAG_SCOPE_DATABASE"])[0]
    if version not in VERSIONS or scope == "SQL_FLAG_SCOPE_CONNECTION_POOL":
        return {"kind": "sql#flagsList"}
    return {"kind": "sql#flagsList", "items": [flag.render() for flag in FLAGS.values()]}
