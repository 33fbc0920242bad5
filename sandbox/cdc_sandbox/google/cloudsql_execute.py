"""instances.executeSql: SQL without a connection of one's own, run by the real PostgreSQL as the user whom the caller names.

Only `autoIamAuthn` works: the caller is a database user of the same name.  `passwordSecretVersion` needs Secret Manager, which the
stand-in has not.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg

from .call import Call, Handler
from .cloudsql_store import Store
from .cloudsql_validation import invalid
from .errors import ApiError
from .types import Json

SECONDS = 30
"""Longest time that the statements may take; Google's limit."""
ROW_LIMIT = 1000


class ExecuteSql:
    """The method executeSql."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> dict[str, Handler]:
        return {"sql.instances.executeSql": self.execute}

    def execute(self, call: Call) -> Json:
        """sql.instances.executeSql.  An error of PostgreSQL is an answer with HTTP status 200 and a `status` of its own."""
        name, body = call.parameters["instance"], call.body
        cluster = self._store.require_running(name)
        if self._store.resource(name)["settings"].get("dataApiAccess") != "ALLOW_DATA_API":
            raise invalid("The Data API is not enabled for the instance; set settings.dataApiAccess to ALLOW_DATA_API.")
        if not body.get("database") or not body.get("sqlStatement"):
            raise invalid("database and sqlStatement are required.")
        if not body.get("autoIamAuthn"):
            raise invalid("The sandbox has no Secret Manager; use autoIamAuthn.")
        user = call.caller.email.removesuffix(".gserviceaccount.com")
        if user not in self._store.entry(name)["users"]:
            raise ApiError(403, f"The caller is not an IAM database user of the instance: {user}.", reason="forbidden")
        started = time.monotonic()
        messages: list[Json] = []
        try:
            with cluster.connect(body["database"], user) as connection:
                connection.add_notice_handler(
                    lambda notice: messages.append({"severity": notice.severity, "message": notice.message_primary})
                )
                connection.execute(f"SET statement_timeout = '{SECONDS}s'")
                cursor = connection.execute(body["sqlStatement"].encode())
                results = _results(cursor, int(body.get("rowLimit", ROW_LIMIT)))
        except psycopg.Error as error:
            text = error.diag.message_primary or str(error)
            return {"messages": messages, "status": {"code": 3, "message": f"{text} (SQLSTATE {error.sqlstate})"}}
        answer: Json = {"results": results, "metadata": {"sqlStatementExecutionTime": f"{time.monotonic() - started:.6f}s"}}
        return {**answer, "messages": messages} if messages else answer


def _results(cursor: psycopg.Cursor[tuple[Any, ...]], limit: int) -> list[Json]:
    """One result for each statement; values as PostgreSQL writes them."""
    results: list[Json] = []
    while True:
        found = cursor.pgresult
        if found is None:
            return results
        result: Json = {"message": found.command_status.decode() if found.command_status else ""}
        if cursor.description:
            result["columns"] = [{"name": column.name, "type": column.type_display.upper()} for column in cursor.description]
            rows = range(min(found.ntuples, limit))
            result["rows"] = [{"values": [_value(found.get_value(row, column)) for column in range(found.nfields)]} for row in rows]
            if found.ntuples > limit:
                result["partialResult"] = True
        results.append(result)
        if not cursor.nextset():
            return results


def _value(raw: bytes | None) -> Json:
    return {"nullValue": True} if raw is None else {"value": raw.decode()}
