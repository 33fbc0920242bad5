# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline that faults happen to, with its load and its consumer, and the runs of site.yml that bring it back."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cdc_sandbox.process import running_pid

from tests.e2e.world import WITHOUT_POD, Run, World, until

from .database import Database
from .google import Google
from .ledger import Change, Ledger
from .load import TABLES, Bulk, Writer
from .pod import Pod, alive, gone
from .reader import Reader

NAME = "recovery"
TASK = "Provision the pipeline"
RESUME, RESNAPSHOT = "resume", "resnapshot"
"""Values of cdc_recovery."""
FLOWS_SECONDS = 420.0
"""The kubelet's back-off is five minutes at the most, and then everything that waited is sent."""


class NotRefused(AssertionError):
    """A guard had to speak and did not."""


@dataclass(frozen=True)
class Recovery:
    """How a pipeline came back.

    by: who or what did it.
    refused: what site.yml said when it refused to go on, if it had to.
    snapshot: whether a new snapshot was asked for: consumers have every row, but were not told of what was superseded before it.
    """

    by: str
    refused: str = ""
    snapshot: bool = False


class Pipeline:
    """One pipeline of site.yml, its application and its consumer.

    say: shows a person what happens.  variables: of the pipeline, beside its name and its tables.
    """

    names: dict[str, t.Any]
    database: Database
    pod: Pod
    google: Google
    reader: Reader
    writer: Writer
    bulk: Bulk

    def __init__(self, world: World, say: Callable[[str], None], variables: dict[str, t.Any]) -> None:
        self.world, self.say = world, say
        self.variables: dict[str, t.Any] = {**variables, "cdc_name": NAME, "cdc_tables": [f"public.{table}" for table in TABLES]}
        self.ledger = Ledger()
        self.fault_began = 0
        """Mark in the ledger."""
        self._turn = 0

    def provision(self) -> None:
        """Instance, tables of the application, consumer, pod, load: until the first rows arrive."""
        self.names = self.site(*WITHOUT_POD).results[TASK]["names"]
        self.database = Database(self.world, self.names)
        self.pod, self.google = Pod(self.world, self.names), Google(self.world, self.names)
        self.database.create_tables()
        self.reader = Reader(self.world, self.google.topic)
        self.reader.subscribe(10)
        self.site()
        self.writer, self.bulk = Writer(self.database.application, self.ledger), Bulk(self.database.application, self.ledger)
        until(lambda: len(self.reader.events.first) > 20, 120, "the first rows arrive")

    def close(self) -> None:
        for part in ("writer", "bulk", "reader"):
            if hasattr(self, part):
                getattr(self, part).close()

    # site.yml

    def site(self, *options: str, **variables: t.Any) -> Run:
        """Run site.yml; it must succeed.  variables: for this run alone."""
        self.say("site.yml" + (f" with {variables}" if variables else ""))
        return self.world.site(*options, variables={**self.variables, **variables})

    def change_property(self) -> None:
        """A harmless property has another value from now on, so that the next site.yml rolls out a new pod."""
        self._turn += 1
        properties = self.variables.get("debezium_k8s_properties", {})
        self.variables["debezium_k8s_properties"] = {**properties, "debezium.source.poll.interval.ms": str(50 + self._turn)}

    def refused(self) -> str:
        """Run site.yml, which must refuse before it changes anything; what it says."""
        self.say("site.yml, which must refuse")
        before = self.fingerprint()
        self.world.control("requests", "DELETE")
        run = self.world.playbook("site.yml", variables=self.variables)
        message = str(run.results.get(TASK, {}).get("msg", ""))
        after = self.fingerprint()
        changed = [*self.world.writes(), *(what for what in before if after[what] != before[what])]
        if run.code == 0 or changed or run.recap["changed"]:
            raise NotRefused(f"site.yml ended with {run.code}, changed {changed or 'nothing'} and said: {message or 'nothing'}")
        self.say(message)
        return message

    def start_over(self) -> None:
        """Without slot, publication and offsets, and then site.yml: a new snapshot, whatever a fault has left."""
        self.pod.kubectl("delete", "deployment", self.names["cdc_deployment"], "--ignore-not-found", "--cascade=foreground")
        until(lambda: not self.pod.kubectl("get", "pods", self.pod.selector, "--output", "json")["items"], 180, "no pod is left")
        self.database.forget_stream()
        self.site(cdc_recovery=RESNAPSHOT)

    def fingerprint(self) -> dict[str, t.Any]:
        """All that a run may change, beside Google's resources whose writing calls are logged."""
        found: dict[str, t.Any] = {**self.database.catalogs(), "policies": self.google.policies()}
        for kind in ("deployments", "secrets", "serviceaccounts"):
            items = self.pod.kubectl("get", kind, "--output", "json")["items"]
            found[kind] = {item["metadata"]["name"]: (item["metadata"]["uid"], item.get("spec"), item.get("data")) for item in items}
        return found

    # Programs of the sandbox

    def program(self, name: str) -> int:
        """Pid of a program of the sandbox."""
        pid = running_pid(self.world.settings.state / "pids" / f"{name}.pid")
        assert pid is not None, f"{name} does not run"
        return pid

    def kill(self, *names: str) -> None:
        """Send SIGKILL to programs of the sandbox, and see that they are gone."""
        for name in names:
            pid = self.program(name)
            os.kill(pid, signal.SIGKILL)
            gone(pid)

    def sandbox_up(self) -> None:
        """Start again what was killed, as Google or the machine's supervisor would."""
        self.say("the sandbox starts what is down")
        self.world.sandbox("up")

    @contextmanager
    def stopped(self, pid: int) -> Iterator[None]:
        """A process stands still while the block runs."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            if alive(pid):
                os.kill(pid, signal.SIGCONT)

    # The stream

    def behind(self) -> float:
        """Age in seconds of the oldest change since the fault began that has not arrived."""
        first, now = self.reader.events.first, time.monotonic()
        waiting = (now - at for change, at in self.ledger.between(self.fault_began).items() if change not in first)
        return max(waiting, default=0.0)

    def hold(self, seconds: float) -> None:
        """Hold a fault until rows have been waiting for so long: then the stream really stood still."""
        self.say(f"until rows have been waiting for {seconds:.0f} s")
        until(lambda: self.behind() > seconds, seconds + 90, f"rows wait for {seconds:.0f} s")

    def arrived_since(self, mark: int) -> bool:
        """Whether anything has arrived that was written after the mark."""
        return any(change in self.reader.events.first for change in self.ledger.between(mark))

    def flows(self) -> None:
        """Wait until a change that is written from now on has arrived."""
        mark = self.ledger.mark()
        until(lambda: self.arrived_since(mark), FLOWS_SECONDS, "a change that is written now arrives")

    def in_flight(self, write: Callable[[int], list[Change]], rows: int) -> InFlight:
        """Have a COPY or a transaction of many rows committed, and come back when its first events have arrived."""
        flight = InFlight(write(rows), self.reader)
        until(lambda: flight.arrived() > 0, 90, "the first of many rows arrive")
        self.say(f"{flight.arrived()} of {len(flight.changes)} events of one transaction have arrived")
        return flight


class InFlight(t.NamedTuple):
    """Changes of one transaction on their way."""

    changes: list[Change]
    reader: Reader

    def arrived(self) -> int:
        return sum(change in self.reader.events.first for change in self.changes)

    def interrupted(self) -> str:
        """How many had arrived by now: some but not all, or the fault came too late."""
        arrived = self.arrived()
        assert 0 < arrived < len(self.changes), f"{arrived} of {len(self.changes)} events had arrived: the fault came too early or too late"
        return f"{arrived} of {len(self.changes)}"
