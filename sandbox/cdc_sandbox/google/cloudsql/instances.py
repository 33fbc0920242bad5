"""Instances: insert, get, list, patch, update, delete, restart; each change is an operation on a real PostgreSQL cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from ...errors import SandboxError
from ...postgresql import roles
from ...postgresql.cluster import Definition
from .. import service_networking
from ..call import Call, Context, Handler
from ..errors import ApiError
from ..paging import page
from ..types import Json
from . import filter as filters
from . import validation
from .defaults import complete_settings, merge, new_instance
from .operations import Operations
from .store import Store, invalid_state, now

log = logging.getLogger(__name__)

VERSION_STEP = 8
"""How much settingsVersion grows with a change; seen with Terraform, and not the 1 that a caller might count on."""
PROTECTED = (
    "The instance is protected. Please disable the deletion protection and try again. To disable deletion protection, update the instance "
    "settings with deletionProtectionEnabled set to false."
)


class Instances:
    """The instances' methods."""

    def __init__(self, context: Context, store: Store, operations: Operations) -> None:
        self._context = context
        self._store = store
        self._operations = operations

    def handlers(self) -> dict[str, Handler]:
        return {
            "sql.instances.insert": self.insert,
            "sql.instances.get": lambda call: self._store.render(call, call.parameters["instance"]),
            "sql.instances.list": self.list_all,
            "sql.instances.patch": lambda call: self._change(call, self._patched),
            "sql.instances.update": lambda call: self._change(call, self._updated),
            "sql.instances.delete": self.delete,
            "sql.instances.restart": self.restart,
        }

    def insert(self, call: Call) -> Json:
        """sql.instances.insert."""
        settings = self._context.settings
        validation.check_new(call.body, settings.project)
        name = call.body["name"]
        self._store.require_free(name)
        resource = new_instance(call.body, settings.project, settings.project_number, now())
        validation.check_settings(resource["settings"])
        self._check_network(call, resource)
        operation = self._operations.begin(call, "CREATE", name)
        password = call.body.get("rootPassword")
        try:
            self._store.add(resource)
            self._operations.set_plan(operation, {"password": password is not None})
        except BaseException:
            self._operations.cancel(operation)
            raise
        return self._start(call, operation, partial(self._create, name, password), partial(self._creation_failed, name))

    def list_all(self, call: Call) -> Json:
        """sql.instances.list."""
        wanted = filters.parse(call.query.get("filter", [""])[0])
        names = [name for name in self._store.names() if wanted(self._store.resource(name))]
        shown, following = page(call, names, "maxResults", 500, 1000)
        answer: Json = {"kind": "sql#instancesList"}
        if shown:
            answer["items"] = [self._store.render(call, name) for name in shown]
        if following:
            answer["nextPageToken"] = following
        return answer

    def delete(self, call: Call) -> Json:
        """sql.instances.delete."""
        name = call.parameters["instance"]
        resource = self._store.resource(name)
        # The protection of an instance that was never made could not be switched off: a PATCH is refused in this state.
        if resource["settings"]["deletionProtectionEnabled"] and resource["state"] != "FAILED":
            raise ApiError(400, PROTECTED, reason="invalid")
        operation = self._operations.begin(call, "DELETE", name)
        self._operations.set_plan(operation, {})
        return self._start(call, operation, partial(self._delete, name), partial(self._store.set_state, name, resource["state"]))

    def restart(self, call: Call) -> Json:
        """sql.instances.restart."""
        name = call.parameters["instance"]
        resource = self._store.resource(name)
        if resource["state"] != "RUNNABLE" or resource["settings"]["activationPolicy"] != "ALWAYS":
            raise invalid_state()
        operation = self._operations.begin(call, "RESTART", name)
        self._operations.set_plan(operation, {})
        return self._start(call, operation, self._store.cluster(name).restart, _nothing)

    def resume(self) -> None:
        """After a start of the stand-in: start what should run, and go on with what was not done."""
        try:
            self.start_missing()
        except SandboxError:
            log.exception("the stand-in goes on without them")
        for operation, record in self._operations.unfinished():
            self._resume(operation, record)

    def start_missing(self) -> None:
        """Start the servers that should run and do not, but for those at which an operation works; SandboxError names those that fail."""
        busy = {record["resource"]["targetId"] for _, record in self._operations.unfinished()}
        problems = []
        for name in self._store.names():
            resource = self._store.resource(name)
            if name not in busy and resource["state"] == "RUNNABLE" and resource["settings"]["activationPolicy"] == "ALWAYS":
                try:
                    self._store.cluster(name).start()
                except SandboxError as error:
                    problems.append(f"{name}: {error}")
        if problems:
            raise SandboxError("\n".join(problems))

    def _resume(self, operation: str, record: Json) -> None:
        name, kind, plan = record["resource"]["targetId"], record["resource"]["operationType"], record["plan"]
        cluster = self._store.cluster(name)
        if plan is None:  # it ended before anything was begun, or was quick work such as a user's
            self._operations.abandon(name=operation)
        elif kind == "CREATE" and plan["password"]:  # a password is never written down, so it cannot be set any more
            self._creation_failed(name)
            self._operations.abandon(operation)
        elif kind == "CREATE":
            cluster.remove()
            self._operations.run(operation, partial(self._create, name, None), partial(self._creation_failed, name))
        elif kind == "UPDATE":
            before = self._store.resource(name)
            self._operations.run(operation, partial(self._apply, plan["resource"]), partial(self._apply, before))
        elif kind == "RESTART":
            self._operations.run(operation, cluster.restart, _nothing)
        elif kind == "DELETE":
            self._operations.run(operation, partial(self._delete, name), _nothing)

    def _change(self, call: Call, changed: Callable[[Call, Json], Json]) -> Json:
        """patch and update.  changed: gives the new resource for the call and the present one."""
        name = call.parameters["instance"]
        self._store.resource(name)
        operation = self._operations.begin(call, "UPDATE", name)
        try:
            before = self._store.resource(name)
            if before["state"] != "RUNNABLE":
                raise invalid_state()
            after = changed(call, before)
            validation.check_change(before, after)
            validation.check_settings(after["settings"])
            if after["settings"]["ipConfiguration"].get("privateNetwork") != before["settings"]["ipConfiguration"].get("privateNetwork"):
                self._check_network(call, after)
            if after["settings"] != before["settings"]:
                after["settings"]["settingsVersion"] = str(int(before["settings"]["settingsVersion"]) + VERSION_STEP)
            self._operations.set_plan(operation, {"resource": after})
        except BaseException:
            self._operations.cancel(operation)
            raise
        restart = not self._context.faults.take("flags_wait_for_restart", call.method_id)
        return self._start(call, operation, partial(self._apply, after, restart), partial(self._apply, before))

    def _patched(self, call: Call, before: Json) -> Json:
        """The resource after a PATCH.  A settingsVersion is checked if it is sent."""
        sent = call.body.get("settings") or {}
        if sent.get("settingsVersion") is not None:
            _check_version(sent, before)
        settings = merge(before["settings"], {key: value for key, value in sent.items() if key != "settingsVersion"})
        settings = complete_settings(settings, before["databaseVersion"], before["region"], sent)
        return {**before, **_named(call.body), "settings": settings}

    def _updated(self, call: Call, before: Json) -> Json:
        """The resource after a PUT: settings that are not sent fall back to their defaults; settingsVersion is required."""
        sent = call.body.get("settings") or {}
        if sent.get("settingsVersion") is None:
            raise validation.invalid("Missing parameter: settings.settingsVersion.")
        _check_version(sent, before)
        settings = complete_settings(sent, before["databaseVersion"], before["region"])
        settings["settingsVersion"] = before["settings"]["settingsVersion"]
        return {**before, **_named(call.body), "settings": settings}

    def _check_network(self, call: Call, resource: Json) -> None:
        """A private network needs private services access."""
        network = resource["settings"]["ipConfiguration"].get("privateNetwork")
        reason = network and service_networking.problem(self._context, network, call.method_id)
        if reason:
            where = f"{resource['project']}:{resource['name']}"
            raise validation.invalid(f"Incorrect Service Networking config for instance: {where}:{reason}.")

    def _start(self, call: Call, operation: str, work: Callable[[], None], failed: Callable[[], None]) -> Json:
        answer = self._operations.render(call, operation)
        self._operations.run(operation, work, failed)
        return answer

    def _create(self, name: str, password: str | None) -> None:
        cluster = self._store.cluster(name)
        resource = self._store.resource(name)
        cluster.create(self._definition(resource))
        if password is not None:
            with cluster.connect() as connection:
                roles.set_password(connection, "postgres", password)
        if resource["settings"]["activationPolicy"] != "ALWAYS":
            cluster.stop()
        self._store.set_state(name, "RUNNABLE")

    def _creation_failed(self, name: str) -> None:
        self._store.cluster(name).remove()
        self._store.set_state(name, "FAILED")

    def _apply(self, resource: Json, restart: bool = True) -> None:
        """Make a resource true in its cluster, and then what GET answers.  restart: whether the server may be restarted for it."""
        cluster = self._store.cluster(resource["name"])
        wanted = self._definition(resource)
        if resource["settings"]["activationPolicy"] == "ALWAYS":
            if wanted != cluster.definition:
                cluster.configure(wanted, restart)
            cluster.start()
        else:
            cluster.stop()
            cluster.configure(wanted)
        self._store.replace(resource)

    def _delete(self, name: str) -> None:
        self._store.set_state(name, "PENDING_DELETE")
        self._store.cluster(name).remove()
        self._store.remove(name)

    def configure(self, name: str) -> None:
        """Make the server of an instance take its settings again, after something that they follow from has changed."""
        self._store.cluster(name).configure(self._definition(self._store.resource(name)), restart=False)

    def _definition(self, resource: Json) -> Definition:
        network, entry = resource["settings"]["ipConfiguration"], self._store.entry(resource["name"])
        flags = {flag["name"]: flag["value"] for flag in resource["settings"].get("databaseFlags", [])}
        if "client_ca" in entry:
            flags["ssl_ca_file"] = self._store.write_client_ca(resource["name"])
        return Definition(
            number=entry["number"],
            common_name=f"{resource['project']}:{resource['name']}",
            private=bool(network.get("privateNetwork")),
            public=network["ipv4Enabled"],
            ssl_mode=network["sslMode"],
            flags=flags,
        )


def _named(body: Json) -> Json:
    """The fields outside settings that a change may name; `check_change` refuses another value."""
    return {key: body[key] for key in ("name", "region", "databaseVersion") if body.get(key) is not None}


def _check_version(sent: Json, before: Json) -> None:
    if str(sent["settingsVersion"]) != before["settings"]["settingsVersion"]:
        raise ApiError(412, "Condition does not match.", reason="staleData", location="If-Match")


def _nothing() -> None:
    """For an operation that leaves nothing to undo."""
