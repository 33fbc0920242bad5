"""Operations of Cloud SQL: each change is one, works in a thread of its own, and goes from PENDING over RUNNING to DONE."""

from __future__ import annotations

import copy
import logging
import threading
import uuid
from collections.abc import Callable

from ..call import Call, Context, Handler
from ..errors import ApiError
from ..paging import page
from ..types import Json
from .store import link, now

SECTION = "cloudsql_operations"
"""State section: {"operations": [{"resource": …, "part": …, "shown": …, "plan": …}]}, oldest first."""
STATUSES = ("PENDING", "RUNNING", "DONE")
KEPT = 1000
"""How many operations are remembered."""
STOP_SECONDS = 30.0

log = logging.getLogger(__name__)
Work = Callable[[], None]


def in_progress() -> ApiError:
    text = "Operation failed because another operation was already in progress. Try your request after the current operation is complete."
    return ApiError(409, text, reason="operationInProgress")


class Operations:
    """All operations of the project."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._threads: list[threading.Thread] = []
        self._unknown: dict[str, int] = {}
        context.on_stop.append(self._join)

    def handlers(self) -> dict[str, Handler]:
        return {"sql.operations.get": self.get, "sql.operations.list": self.list_all}

    def begin(self, call: Call, kind: str, target: str, part: str = "") -> str:
        """Record a new operation and return its name; 409 when another one works on the same instance.

        kind: operationType.
        target: the instance.
        part: what of it is meant, such as `/databases/shop`; the end of targetLink.
        """
        if self._context.faults.take("operation_in_progress", call.method_id):
            raise in_progress()
        fault = self._context.faults.take("operation_error", call.method_id)
        name = str(uuid.uuid4())
        resource = {
            "kind": "sql#operation",
            "name": name,
            "operationType": kind,
            "status": "PENDING",
            "insertTime": now(),
            "targetId": target,
            "targetProject": call.parameters["project"],
            "user": call.caller.email,
        }
        slow = self._context.faults.take("operation_slow", call.method_id)
        polls = int(slow.options.get("polls", 3)) if slow else 0
        record = {"resource": resource, "part": part, "shown": "PENDING", "plan": None, "fault": fault and fault.options, "polls": polls}
        with self._context.state.changing(SECTION) as data:
            records = data.setdefault("operations", [])
            if any(_busy(other, target) for other in records):
                raise in_progress()
            records.append(record)
            del records[:-KEPT]
        if (unknown := self._context.faults.take("operation_unknown", call.method_id)) is not None:
            self._unknown[name] = int(unknown.options.get("reads", 2))
        return name

    def require_idle(self, target: str) -> None:
        """409 while an operation works on the instance, whether its server runs or not."""
        with self._context.state.reading(SECTION) as data:
            if any(_busy(record, target) for record in data.get("operations", [])):
                raise in_progress()

    def set_plan(self, name: str, plan: Json) -> None:
        """Say what an operation has to do, for a stand-in that is started again in the middle of it."""
        with self._context.state.changing(SECTION) as data:
            _find(data, name)["plan"] = plan

    def cancel(self, name: str) -> None:
        """Forget an operation whose request is refused after all."""
        with self._context.state.changing(SECTION) as data:
            data["operations"] = [record for record in data["operations"] if record["resource"]["name"] != name]

    def run(self, name: str, work: Work, failed: Work) -> None:
        """Do the work in a thread.  failed: called when it went wrong, before the operation is DONE."""
        thread = threading.Thread(target=self._work, args=(name, work, failed), name=f"operation-{name}", daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()

    def run_now(self, call: Call, kind: str, target: str, work: Work, part: str = "") -> Json:
        """Do quick work at once: the answer is DONE already.  An ApiError of the work refuses the whole request."""
        name = self.begin(call, kind, target, part)
        self._change(name, status="RUNNING", startTime=now())
        try:
            fault = self._fault(name)
            if fault is None:
                work()
        except BaseException:
            self.cancel(name)
            raise
        self._finish(name, fault)
        with self._context.state.changing(SECTION) as data:
            record = _find(data, name)
            if record["polls"] == 0:
                record["shown"] = "DONE"
        return self.render(call, name)

    def unfinished(self) -> list[tuple[str, Json]]:
        """Name and record of each operation that was not done when the stand-in ended."""
        with self._context.state.reading(SECTION) as data:
            records = [record for record in data.get("operations", []) if record["resource"]["status"] != "DONE"]
            return [(record["resource"]["name"], copy.deepcopy(record)) for record in records]

    def abandon(self, name: str) -> None:
        """End an operation that the stand-in did not survive."""
        self._finish(name, {"message": "The operation was interrupted."})

    def render(self, call: Call, name: str) -> Json:
        """An operation as it was last shown.  So each of its steps is seen: it goes on by one step a poll, at most."""
        with self._context.state.reading(SECTION) as data:
            record = copy.deepcopy(_find(data, name))
        resource: Json = record["resource"]
        resource["status"] = record["shown"]
        if record["shown"] != "DONE":
            resource.pop("endTime", None)
            resource.pop("error", None)
        if record["shown"] == "PENDING":
            resource.pop("startTime", None)
        resource["selfLink"] = link(call, f"operations/{name}")
        resource["targetLink"] = link(call, f"instances/{resource['targetId']}{record['part']}")
        return resource

    def get(self, call: Call) -> Json:
        """sql.operations.get."""
        name = call.parameters["operation"]
        if self._unknown.get(name, 0) > 0:
            self._unknown[name] -= 1
            raise _missing()
        with self._context.state.changing(SECTION) as data:
            _go_on(_find(data, name))
        return self.render(call, name)

    def list_all(self, call: Call) -> Json:
        """sql.operations.list: the newest first."""
        instance = call.query.get("instance", [""])[0]
        with self._context.state.changing(SECTION) as data:
            records = data.get("operations", [])
            wanted = [record for record in reversed(records) if instance in ("", record["resource"]["targetId"])]
            names = [record["resource"]["name"] for record in wanted]
            for record in wanted:
                _go_on(record)
        shown, following = page(call, names, "maxResults", KEPT, KEPT)
        answer: Json = {"kind": "sql#operationsList"}
        if shown:
            answer["items"] = [self.render(call, name) for name in shown]
        if following:
            answer["nextPageToken"] = following
        return answer

    def _work(self, name: str, work: Work, failed: Work) -> None:
        self._change(name, status="RUNNING", startTime=now())
        fault = self._fault(name)
        error = fault
        if fault is None:
            try:
                work()
            except Exception as problem:
                log.exception("Cloud SQL operation %s failed", name)
                error = {"message": str(problem)}
        if error is not None:
            try:
                failed()
            except Exception:
                log.exception("Cloud SQL operation %s could not be undone", name)
        self._finish(name, error)

    def _fault(self, name: str) -> Json | None:
        with self._context.state.reading(SECTION) as data:
            fault: Json | None = _find(data, name)["fault"]
            return copy.deepcopy(fault)

    def _finish(self, name: str, error: Json | None) -> None:
        changes: Json = {"status": "DONE", "endTime": now()}
        if error is not None:
            one = {
                "kind": "sql#operationError",
                "code": error.get("code", "INTERNAL_ERROR"),
                "message": error.get("message", "An unknown error occurred."),
            }
            changes["error"] = {"kind": "sql#operationErrors", "errors": [one]}
        self._change(name, **changes)

    def _change(self, name: str, **changes: object) -> None:
        with self._context.state.changing(SECTION) as data:
            record = _find(data, name)
            record["resource"].update(changes)
            if record["resource"]["status"] == "DONE":
                record["plan"] = None

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(STOP_SECONDS)


def _busy(record: Json, target: str) -> bool:
    return bool(record["resource"]["targetId"] == target and record["resource"]["status"] != "DONE")


def _go_on(record: Json) -> None:
    """Show an operation's next step to who reads it, if it has got so far; a slow one is shown as RUNNING for some reads more."""
    reached, shown = STATUSES.index(record["resource"]["status"]), STATUSES.index(record["shown"])
    if record["shown"] == "RUNNING" and record["polls"] > 0:
        record["polls"] -= 1
    else:
        record["shown"] = STATUSES[min(reached, shown + 1)]


def _find(data: Json, name: str) -> Json:
    for record in data.get("operations", []):
        if record["resource"]["name"] == name:
            found: Json = record
            return found
    raise _missing()


def _missing() -> ApiError:
    return ApiError(404, "The Cloud SQL instance operation does not exist.", reason="operationDoesNotExist")
