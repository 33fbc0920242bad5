"""Users of an instance: real roles of its PostgreSQL cluster, with what Cloud SQL gives to a user of its API."""

from __future__ import annotations

import psycopg

from ...postgresql import roles
from ..call import Call, Handler
from ..errors import ApiError
from ..types import Json
from .operations import Operations
from .store import Store, etag
from .validation import invalid

IAM_TYPES = ("CLOUD_IAM_USER", "CLOUD_IAM_SERVICE_ACCOUNT")
IAM_FLAG = "cloudsql.iam_authentication"


class Users:
    """The users' methods."""

    def __init__(self, store: Store, operations: Operations) -> None:
        self._store = store
        self._operations = operations

    def handlers(self) -> dict[str, Handler]:
        return {
            "sql.users.insert": self.insert,
            "sql.users.get": self.get,
            "sql.users.list": self.list_all,
            "sql.users.update": self.update,
            "sql.users.delete": self.delete,
        }

    def insert(self, call: Call) -> Json:
        """sql.users.insert.  A name that is taken is refused; what the real service does then is not documented."""
        instance, name, kind = call.parameters["instance"], call.body.get("name", ""), call.body.get("type", "BUILT_IN")
        self._operations.require_idle(instance)
        self._store.require_running(instance)
        if not name or name in roles.OWN_ROLES or name.startswith(("pg_", "cloudsql")):
            raise invalid(f"Invalid user name ({name}).")
        if call.body.get("host"):
            raise invalid("host cannot be set for a PostgreSQL user.")
        if kind != "BUILT_IN":
            self._check_iam(instance, call.body)

        def work() -> None:
            try:
                with self._store.session(instance) as connection:
                    if kind == "BUILT_IN":
                        roles.create_user(connection, name, call.body.get("password"), call.body.get("databaseRoles", ()))
                    else:
                        roles.create_iam_user(connection, name)
            except psycopg.errors.DuplicateObject:
                raise invalid(f'failed to create user {name}: . role "{name}" already exists') from None
            except psycopg.errors.UndefinedObject as error:
                raise invalid(f"failed to create user {name}: . {error.diag.message_primary}") from None
            self._store.set_iam_user(instance, name, None if kind == "BUILT_IN" else kind)

        return self._operations.run_now(call, "CREATE_USER", instance, work)

    def list_all(self, call: Call) -> Json:
        """sql.users.list."""
        items = self._items(call)
        return {"kind": "sql#usersList", "items": items} if items else {"kind": "sql#usersList"}

    def get(self, call: Call) -> Json:
        """sql.users.get."""
        for item in self._items(call):
            if item["name"] == call.parameters["name"]:
                return item
        raise ApiError(404, "Not Found", reason="notFound", status="NOT_FOUND")

    def update(self, call: Call) -> Json:
        """sql.users.update: the password of the body, the databaseRoles of the query."""
        instance = call.parameters["instance"]
        self._operations.require_idle(instance)
        name = self._existing(call)
        wanted, revoke = call.query.get("databaseRoles", []), call.query.get("revokeExistingRoles", ["false"])[0] == "true"

        def work() -> None:
            try:
                with self._store.session(instance) as connection, connection.transaction():
                    if call.body.get("password") is not None:
                        roles.set_password(connection, name, call.body["password"])
                    if wanted or revoke:
                        roles.grant(connection, name, wanted, revoke)
            except psycopg.errors.UndefinedObject as error:
                raise invalid(f"failed to update user {name}: . {error.diag.message_primary}") from None

        return self._operations.run_now(call, "UPDATE_USER", instance, work)

    def delete(self, call: Call) -> Json:
        """sql.users.delete."""
        instance = call.parameters["instance"]
        self._operations.require_idle(instance)
        name = self._existing(call)

        def work() -> None:
            try:
                with self._store.session(instance) as connection:
                    roles.drop_user(connection, name)
            except psycopg.errors.DependentObjectsStillExist as error:
                text = f"{error.diag.message_primary} Details: {error.diag.message_detail}."
                raise invalid(f"failed to delete user {name}: . {text}") from None
            self._store.set_iam_user(instance, name, None)

        return self._operations.run_now(call, "DELETE_USER", instance, work)

    def _existing(self, call: Call) -> str:
        """The user that the query names; 404 when there is none."""
        name = call.query.get("name", [""])[0]
        if name not in [item["name"] for item in self._items(call)]:
            raise ApiError(404, "Not Found", reason="notFound", status="NOT_FOUND")
        return name

    def _items(self, call: Call) -> list[Json]:
        """All users as the API shows them: a built-in user has no type, and none has a password."""
        instance = call.parameters["instance"]
        with self._store.session(instance) as connection:
            names = roles.users(connection)
        types = self._store.entry(instance)["users"]
        items = []
        for name in names:
            item = {"kind": "sql#user", "etag": etag(instance, name), "name": name, "host": ""}
            item |= {"instance": instance, "project": call.parameters["project"]}
            if name in types:
                item.update(type=types[name], iamStatus="ACTIVE")
            items.append(item)
        return items

    def _check_iam(self, instance: str, body: Json) -> None:
        """An IAM user needs the flag, a type that is known here, and no password."""
        flags = self._store.resource(instance)["settings"].get("databaseFlags", [])
        if {"name": IAM_FLAG, "value": "on"} not in flags:
            raise invalid(f"Database flag {IAM_FLAG} must be on for IAM users.")
        if body["type"] not in IAM_TYPES:
            raise invalid(f"The sandbox has no users of type {body['type']}.")
        if body.get("password"):
            raise invalid("An IAM user has no password.")
        if body["name"].endswith(".gserviceaccount.com"):
            raise invalid(f"Invalid user name ({body['name']}): leave out .gserviceaccount.com.")
