# SPDX-License-Identifier: GPL-3.0-or-later
"""What a whole run shares: one token, one HTTP session, one Pub/Sub channel, one Kubernetes session.  PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import typing as t

from .._gcp.auth import Login
from .._gcp.client import Client
from .._gcp.options import GcpOptions
from .._kubernetes.cluster import Cluster
from .._kubernetes.options import KubernetesOptions
from .._postgresql.connection import Sessions
from .._pubsub.gateway import PubSub
from .._reconcile.wait import Clock


class Connections:
    """The gateways of one run; use it in a `with`, which closes them all.

    clock: also reports what is waited for.
    """

    def __init__(self, gcp: GcpOptions, kubernetes: KubernetesOptions, clock: Clock) -> None:
        self.clock = clock
        self.cluster = Cluster(kubernetes, clock=clock)
        self._gcp = gcp
        self._login = Login(gcp)
        self._clients: dict[str, Client] = {}
        self._servers: dict[str, PubSub] = {}
        self._lock = threading.Lock()
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._exits.close()

    def log_in(self) -> None:
        """Get the run's token, so that a failing log-in is one error and not one for each resource.  Raises LoginError."""
        self._login.ensure_token("Logging in")

    def client(self, project: str) -> Client:
        """The REST client whose requests are about `project`."""
        with self._lock:
            if project not in self._clients:
                options = dataclasses.replace(self._gcp, project=project)
                self._clients[project] = Client(options, clock=self.clock, login=self._login)
            return self._clients[project]

    def pubsub(self, project: str) -> PubSub:
        """The Pub/Sub client whose short names are about `project`."""
        with self._lock:
            if project not in self._servers:
                options = dataclasses.replace(self._gcp, project=project)
                self._servers[project] = self._exits.enter_context(PubSub(options, clock=self.clock, login=self._login))
            return self._servers[project]

    def sessions(self) -> Sessions:
        """New database sessions, one for each log-in, closed at the end of the run."""
        made = Sessions()
        with self._lock:
            self._exits.callback(made.close)
        return made
