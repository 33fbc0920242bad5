"""The stand-in's control API under `/_sandbox/`: health, the journal, faults, and the questions that other parts ask.

It listens on this machine only and takes no credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..errors import SandboxError
from .call import Context
from .contract.journal import Journal
from .faults import KNOWN, TOKEN, Fault
from .iam import policies, projects, workloads
from .iam.permissions import granted
from .iam.tokens import Tokens, issue_federated
from .types import Json

Endpoint = Callable[[Json], Json]


class ControlError(Exception):
    """A wrong request to the control API; answered with 400 and this text."""


class Control:
    """Answers `METHOD /_sandbox/NAME`."""

    def __init__(self, context: Context, journal: Journal, tokens: Tokens, methods: Collection[str]) -> None:
        """methods: ids of those that are served here."""
        self._context = context
        self._tokens = tokens
        self._methods = frozenset(methods)
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            ("GET", "health"): lambda body: {"status": "ok", "state": str(context.settings.state)},
            ("GET", "violations"): lambda body: journal.violations(),
            ("DELETE", "violations"): _then_empty(journal.clear_violations),
            ("GET", "requests"): lambda body: {"requests": journal.requests()},
            ("DELETE", "requests"): _then_empty(journal.clear_requests),
            ("GET", "faults"): lambda body: {"known": dict(KNOWN), "on": context.faults.on()},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): _then_empty(context.faults.clear),
            ("POST", "repair"): self._repair,
            ("POST", "check"): self._check,
            ("POST", "members"): self._members,
            ("POST", "workload_token"): self._workload_token,
        }

    def answer(self, method: str, name: str, body: Json) -> Json | None:
        """The answer, or None when there is no such endpoint; raises ControlError."""
        endpoint = self._endpoints.get((method, name))
        return None if endpoint is None else endpoint(body)

    def _add_fault(self, body: Json) -> Json:
        try:
            fault = Fault(**body)
            if fault.method and fault.method not in self._methods | {TOKEN}:
                raise ControlError(f"no method is called {fault.method!r} here; it is an id of a discovery document, or {TOKEN!r}")
            self._context.faults.add(fault)
        except (TypeError, ValueError) as error:
            raise ControlError(str(error)) from error
        return {}

    def _repair(self, body: Json) -> Json:
        """Start again what was killed from outside, such as the server of an instance."""
        try:
            for function in self._context.on_repair:
                function()
        except SandboxError as error:
            raise ControlError(str(error)) from error
        return {}

    def _check(self, body: Json) -> Json:
        """Whether a token may do something to a resource that keeps its own policy.

        body: token; permission; project (id or number); policy of the resource, or none.
        """
        if not body.get("permission"):
            raise ControlError("permission is required")
        caller = self._tokens.caller(body.get("token") or "")
        if caller is None:
            return {"status": "unauthenticated"}
        settings = self._context.settings
        project = policies.project_name(settings, body.get("project", settings.project))
        with self._context.state.reading(projects.SECTION) as data:
            effective = [body.get("policy") or {}, *([projects.policy_of(data, project)] if project in data else [])]
            allowed = granted(caller, body["permission"], effective)
        return {"status": "ok" if allowed else "denied", "member": caller.member}

    def _members(self, body: Json) -> Json:
        """What is known of members of a policy that somebody else keeps.

        body: members.  Gives missing: e-mails of this project's accounts that do not exist; ids: unique id by member, for those that do.
        A re-created account has another id.
        """
        members: list[str] = body.get("members", [])
        return {
            "missing": policies.missing_members(self._context, members),
            "ids": policies.unique_ids(self._context, members),
        }

    def _workload_token(self, body: Json) -> Json:
        """A federated token, as Google's security token service gives it to a pod; the metadata server asks for it.

        body: namespace and service_account of the pod.
        """
        try:
            workload = workloads.caller(self._context.settings, body["namespace"], body["service_account"])
        except KeyError as error:
            raise ControlError(f"{error.args[0]} is required") from error
        return issue_federated(self._context.state, workload)


def _then_empty(action: Callable[[], None]) -> Endpoint:
    """An endpoint that does something and answers an empty object."""

    def endpoint(body: Json) -> Json:
        action()
        return {}

    return endpoint
