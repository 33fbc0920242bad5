"""instances.executeSql: SQL without a connection of one's own, run by the real PostgreSQL as the user whom the caller names.

With `autoIamAuthn` the caller is a database user of the same name; with `user` and `passwordSecretVersion` it is that user, whose password
comes out of a regional secret and is checked by PostgreSQL itself, over a connection to the instance's own address.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg

from ...postgresql.cluster import Cluster
from ...postgresql.roles import Connection
from .. import secret_manager
from ..call import Call, Handler
from ..errors import ApiError
from ..iam.permissions import denied, held
from ..types import Json
from .store import Store
from .validation import invalid

SECONDS = 30
"""Longest time that the statements may take; Google's limit."""
ROW_LIMIT = 1000
APPLICATION = re.compile(r"[A-Za-z0-9_-]{0,32}")
Connect = Callable[[], Connection]


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
        if not APPLICATION.fullmatch(body.get("application") or ""):
            raise invalid("application may hold up to 32 letters, digits, dashes and underscores.")
        connect = self._as_caller(call, cluster) if body.get("autoIamAuthn") else self._with_password(call, cluster)
        started = time.monotonic()
        messages: list[Json] = []
        try:
            with connect() as connection:
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

    def _as_caller(self, call: Call, cluster: Cluster) -> Connect:
        user = call.caller.email.removesuffix(".gserviceaccount.com")
        if user not in self._store.entry(cluster.name)["users"]:
            raise ApiError(403, f"The caller is not an IAM database user of the instance: {user}.", reason="forbidden")
        return partial(cluster.connect, call.body["database"], user)

    def _with_password(self, call: Call, cluster: Cluster) -> Connect:
        user, version = call.body.get("user"), call.body.get("passwordSecretVersion") or ""
        match = secret_manager.VERSION.fullmatch(version)
        if not user or match is None:
            raise invalid("Either autoIamAuthn, or user and passwordSecretVersion, are required.")
        region = self._store.resource(cluster.name)["region"]
        if match[2] != region:
            raise invalid(f"The secret must be in the region of the instance ({region}), not in {match[2]}.")
        context = self._store.context
        if not held(context, call.caller, secret_manager.ACCESS, {"name": version}):
            raise denied("secretmanager", secret_manager.ACCESS)
        _, content = secret_manager.payload(context.state, version)
        return partial(
            psycopg.connect,
            host=next(iter(cluster.addresses().values())),
            port=cluster.port,
            user=user,
            password=base64.b64decode(content).decode(),
            dbname=call.body["database"],
            sslmode="require",
            connect_timeout=10,
            autocommit=True,
        )


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
