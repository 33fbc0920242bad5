"""What a service of the stand-in gets and gives: one call of one API method, and the things that all services share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..settings import Settings
from .faults import Faults
from .state import State
from .types import Json


@dataclass(frozen=True)
class Caller:
    """Who calls: a service account of the project, or a pod as its Kubernetes service account (see iam/workloads.py).

    email: `owner@demo-project.iam.gserviceaccount.com`; of a pod `demo-project.svc.id.goog[NAMESPACE/ACCOUNT]`.
    principals: of a pod: how policies name it besides `serviceAccount:`, its own `principal://…` first.
    """

    email: str
    principals: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        """How a policy names the caller alone: `serviceAccount:EMAIL`, or a pod's `principal://…`."""
        return self.principals[0] if self.principals else f"serviceAccount:{self.email}"

    @property
    def names(self) -> frozenset[str]:
        """Every member of a policy that is, or includes, the caller."""
        return frozenset({f"serviceAccount:{self.email}", *self.principals, "allUsers", "allAuthenticatedUsers"})


@dataclass(frozen=True)
class Call:
    """One call that was routed, validated and allowed.

    method_id: of the discovery document, such as "sql.instances.insert".
    version: of the API, such as "v1beta4"; it tells apart methods that share an id.
    parameters: of the path, decoded.
    query: query parameters, each with all its values (a repeated parameter has several).
    body: the JSON body, {} when there is none.
    base_url: scheme, host and port that the caller used, without a slash at the end; for selfLink.
    """

    method_id: str
    version: str
    parameters: dict[str, str]
    query: dict[str, list[str]]
    body: Json
    caller: Caller
    base_url: str


Handler = Callable[[Call], Json]
"""Answers one API method, or raises ApiError."""


@dataclass(frozen=True)
class Context:
    """What all services share.

    on_stop: functions called when the server stops; a service adds its own.
    on_repair: functions that start again what was killed from outside; they raise SandboxError when they cannot.
    """

    settings: Settings
    state: State
    faults: Faults
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    on_repair: list[Callable[[], None]] = field(default_factory=list)

    def delay(self, method_id: str) -> None:
        """Wait as the fault `delayed` says, if it is on for a method."""
        if (fault := self.faults.take("delayed", method_id)) is not None:
            time.sleep(float(fault.options.get("seconds", 2)))
