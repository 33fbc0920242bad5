# SPDX-License-Identifier: GPL-3.0-or-later
"""What a topic and a subscription have in common: how each is read, created, changed and deleted.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from abc import ABC, abstractmethod
from collections.abc import Mapping

from .._gcp.options import GcpOptions
from .._reconcile.errors import InvalidInput
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import wait_for
from .actions import Create, Delete, Update
from .gateway import PubSub, PubSubError
from .values import Kind, full_name, labels

Observed = t.TypeVar("Observed")


class PubSubResource(ABC, t.Generic[Observed]):
    """A named resource of Pub/Sub.

    kind: its methods and permissions are named after it.
    client: the API's service whose methods they are.
    """

    kind: t.ClassVar[Kind]
    client: t.ClassVar[t.Literal["publisher", "subscriber"]]

    def __init__(self, server: PubSub, params: Mapping[str, t.Any]) -> None:
        self.server = server
        self.name = full_name("name", params["name"], self.kind, server.options.project)
        self.id = self.name.rsplit("/", 1)[1]
        self.title = f"{self.kind} {self.id}"
        self.present = params["state"] == "present"
        self.labels = labels(params["labels"])
        self.labels_exact: bool = params["labels_exact"]
        self._created: Observed | None = None
        if self.labels_exact and self.labels is None:
            raise InvalidInput("labels_exact needs labels; write labels: {} to remove all.")

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], server: PubSub | None = None) -> t.Self:
        """From the module's parameters.  server: one that exists already."""
        return cls(server or PubSub(GcpOptions.from_params(params)), params)

    @abstractmethod
    def observed(self, message: t.Any) -> Observed:
        """The server's message, as we compare it."""

    @abstractmethod
    def plan(self, observed: Observed | None) -> Plan: ...

    def read(self) -> Observed | None:
        """Reads may miss a new resource for a while; the answer to its creation shows it."""
        return self._get() or self._created

    def apply(self, action: Action) -> None:
        if isinstance(action, Create):
            self._create(action)
        elif isinstance(action, Update):
            request = {self.kind: {"name": self.name, **action.fields}, "update_mask": {"paths": list(action.mask)}}
            self.call("Changing", "update", request)
        elif isinstance(action, Delete):
            try:
                self.call("Deleting", "delete", {self.kind: self.name})
            except PubSubError as error:
                if error.code != "NOT_FOUND":
                    raise

    def call(self, doing: str, verb: str, request: Mapping[str, t.Any]) -> t.Any:
        """One of the four methods that both have."""
        return self.server.call(f"{doing} {self.title}", self.permission(verb), self.client, f"{verb}_{self.kind}", request)

    def permission(self, verb: str) -> str:
        """What the method needs, for the error of a caller that lacks it."""
        return f"pubsub.{self.kind}s.{verb} on {self.name}"

    def _create(self, action: Create) -> None:
        try:
            self._created = self.observed(self.call("Creating", "create", action.request))
        except PubSubError as error:
            if error.code == "NOT_FOUND":
                error.message += action.when_not_found
            if error.code != "ALREADY_EXISTS":
                raise
        # A read just before the creation is remembered as "not found" for some seconds; wait, so that what follows finds it.
        found = wait_for(self._get, f"{self.title} to be readable", self.server.options.retry_timeout, self.server.clock, first=0.5)
        if self._created is None:
            for update in self.plan(found).actions:
                self.apply(update)

    def _get(self) -> Observed | None:
        try:
            return self.observed(self.call("Reading", "get", {self.kind: self.name}))
        except PubSubError as error:
            if error.code != "NOT_FOUND":
                raise
            return None
