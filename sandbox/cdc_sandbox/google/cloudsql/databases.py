"""Databases of an instance: real databases of its PostgreSQL cluster, owned by cloudsqlsuperuser."""

from __future__ import annotations

import psycopg

from ...postgresql import roles
from ..call import Call, Handler
from ..errors import ApiError
from ..types import Json
from .operations import Operations
from .store import Store, etag, link
from .validation import invalid

CHARSET = "UTF8"
COLLATION = "en_US.UTF8"
"""The only values that Cloud SQL for PostgreSQL takes when it creates a database."""


class Databases:
    """The databases' methods."""

    def __init__(self, store: Store, operations: Operations) -> None:
        self._store = store
        self._operations = operations

    def handlers(self) -> dict[str, Handler]:
        return {
            "sql.databases.insert": self.insert,
            "sql.databases.get": self.get,
            "sql.databases.list": self.list_all,
            "sql.databases.patch": self.change,
            "sql.databases.update": self.change,
            "sql.databases.delete": self.delete,
        }

    def insert(self, call: Call) -> Json:
        """sql.databases.insert."""
        instance, name = call.parameters["instance"], call.body.get("name", "")
        self._operations.require_idle(instance)
        self._store.require_running(instance)
        if not name or name in roles.OWN_DATABASES:
            raise invalid(f"Invalid database name ({name}).")
        _check_encoding(call.body)

        def work() -> None:
            try:
                with self._store.session(instance) as connection:
                    roles.create_database(connection, name)
            except psycopg.errors.DuplicateDatabase as error:
                raise invalid(f"failed to create database {name}. Detail: pq: {error.diag.message_primary}.") from None

        return self._operations.run_now(call, "CREATE_DATABASE", instance, work, f"/databases/{name}")

    def list_all(self, call: Call) -> Json:
        """sql.databases.list."""
        return {"kind": "sql#databasesList", "items": self._items(call)}

    def get(self, call: Call) -> Json:
        """sql.databases.get."""
        for item in self._items(call):
            if item["name"] == call.parameters["database"]:
                return item
        raise ApiError(404, "Not Found", reason="notFound", status="NOT_FOUND")

    def change(self, call: Call) -> Json:
        """sql.databases.patch and update: PostgreSQL can change neither character set nor collation, so all that is left is to agree."""
        self._operations.require_idle(call.parameters["instance"])
        self.get(call)
        _check_encoding(call.body)
        if call.body.get("name", call.parameters["database"]) != call.parameters["database"]:
            raise invalid("The name of a database cannot be changed.")
        instance, name = call.parameters["instance"], call.parameters["database"]
        return self._operations.run_now(call, "UPDATE_DATABASE", instance, lambda: None, f"/databases/{name}")

    def delete(self, call: Call) -> Json:
        """sql.databases.delete."""
        instance = call.parameters["instance"]
        self._operations.require_idle(instance)
        name = self.get(call)["name"]

        def work() -> None:
            try:
                with self._store.session(instance, "template1" if name == "postgres" else "postgres") as connection:
                    roles.drop_database(connection, name)
            except (psycopg.errors.ObjectInUse, psycopg.errors.WrongObjectType) as error:
                text = f'failed to delete database "{name}". Detail: pq: {error.diag.message_primary}.'
                raise invalid(text) from None

        return self._operations.run_now(call, "DELETE_DATABASE", instance, work, f"/databases/{name}")

    def _items(self, call: Call) -> list[Json]:
        instance = call.parameters["instance"]
        with self._store.session(instance) as connection:
            found = roles.databases(connection)
        return [
            {
                "kind": "sql#database",
                "etag": etag(instance, name),
                "name": name,
                "charset": charset,
                "collation": COLLATION,
                "instance": instance,
                "project": call.parameters["project"],
                "selfLink": link(call, f"instances/{instance}/databases/{name}"),
            }
            for name, charset in found.items()
        ]


def _check_encoding(body: Json) -> None:
    if (body.get("charset") or CHARSET).upper() != CHARSET:
        raise invalid(f"Invalid charset ({body['charset']}): a PostgreSQL database has {CHARSET}.")
    if (body.get("collation") or COLLATION) != COLLATION:
        raise invalid(f"Invalid collation ({body['collation']}): a PostgreSQL database has {COLLATION}.")
