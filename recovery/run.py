# SPDX-License-Identifier: GPL-3.0-or-later
"""Injects faults into a pipeline under write load, lets it recover, and compares written with received: `make recovery`.

It ends with code 1 when a change was lost, a guard was silent that must speak, or a fault or its recovery failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from cdc_sandbox.settings import load

from tests.e2e.world import World

from .background import Background
from .faults import FAULTS, Fault, chosen, name
from .ledger import Change, Outcome, compare
from .pipeline import NotRefused, Pipeline, Recovery

COPY_ROWS = TRANSACTION_ROWS = 4000
"""Beside the single rows each fault has one COPY, and one transaction of so many rows."""
SETTLE_SECONDS = 480.0
"""The kubelet's back-off, and some time to send what waited."""
QUIET_SECONDS = 10.0
"""Events come in the order of commits.  What has not arrived so long after later changes had, never does."""
COLUMNS = "{:<38} {:>8} {:>9} {:>9} {:>7}   {:<7} {}"


@dataclass(frozen=True)
class Row:
    """One line of the table.  failure: what went wrong, beside lost changes."""

    fault: str
    outcome: Outcome | None
    text: str
    failure: bool = False

    def line(self) -> str:
        if self.outcome is None:
            return COLUMNS.format(self.fault, "-", "-", "-", "-", "-", self.text)
        found = self.outcome
        return COLUMNS.format(
            self.fault, found.written, found.received, found.repeated, len(found.lost), f"{found.seconds:.0f} s", self.text
        )


STARTED = time.monotonic()


def say(text: str) -> None:
    print(text, flush=True)


def progress(text: str) -> None:
    say(f"  {time.monotonic() - STARTED:6.0f} s  {text}")


def inject(pipeline: Pipeline, fault: Fault) -> Row:
    """One fault, from its load to its line."""
    start = pipeline.fault_began = pipeline.ledger.mark()
    began = time.monotonic()
    progress(f"{name(fault)}: {' '.join((fault.__doc__ or '').split())}")
    pipeline.bulk.copy(COPY_ROWS)
    transaction = Background(lambda: pipeline.bulk.transaction(TRANSACTION_ROWS))
    recovery = fault(pipeline)
    transaction.wait(120)
    end = pipeline.ledger.mark()
    outcome = settle(pipeline, recovery, start, end, began)
    pipeline.bulk.empty()
    return Row(name(fault), outcome, description(recovery, outcome))


def settle(pipeline: Pipeline, recovery: Recovery, start: int, end: int, began: float) -> Outcome:
    """Compare once everything has arrived, or nothing more will."""
    written = pipeline.ledger.between(start, end)
    deadline = time.monotonic() + SETTLE_SECONDS
    rows = None
    if recovery.snapshot:
        pipeline.flows()
        rows = pipeline.database.rows()
    progress("until everything has arrived")
    later: float | None = None
    while True:
        outcome = compare(written, pipeline.reader.events, began, rows)
        if not outcome.lost or time.monotonic() > deadline:
            return outcome
        if pipeline.writer.error is not None:
            raise pipeline.writer.error
        # After a snapshot nothing says in which order rows come.
        if rows is None and later is None and pipeline.arrived_since(end):
            later = time.monotonic()
        if later is not None and time.monotonic() - later > QUIET_SECONDS:
            return compare(written, pipeline.reader.events, began, rows)
        time.sleep(0.2)


def description(recovery: Recovery, outcome: Outcome) -> str:
    words = f"refused: {' '.join(recovery.refused.split()[:8])} ...; " if recovery.refused else ""
    untold = f" ({outcome.untold} superseded changes not told)" if recovery.snapshot else ""
    return words + recovery.by + untold


def attempt(pipeline: Pipeline, fault: Fault) -> Row:
    """A fault whose failure is a line, and which leaves a pipeline that streams."""
    try:
        row = inject(pipeline, fault)
        if not row.outcome or not row.outcome.lost:
            return row
        examples(row.outcome.lost)
        return row
    except NotRefused as error:
        row = Row(name(fault), None, f"NOT REFUSED: {error}", failure=True)
    except Exception as error:
        traceback.print_exc()
        row = Row(name(fault), None, f"FAILED: {error or type(error).__name__}"[:600], failure=True)
    progress("a new start, for the faults that follow")
    pipeline.start_over()
    pipeline.flows()
    return row


def examples(lost: frozenset[Change]) -> None:
    progress(f"lost: {', '.join(f'{each.table} {each.id} {each.operation}' for each in sorted(lost)[:10])} ...")


def run(pipeline: Pipeline, faults: tuple[Fault, ...]) -> list[Row]:
    rows = []
    for fault in faults:
        rows.append(attempt(pipeline, fault))
        say(rows[-1].line())
    return rows


def report(rows: list[Row], pipeline: Pipeline) -> int:
    """The table, its last line, and the exit code."""
    say("")
    say(COLUMNS.format("fault", "written", "received", "repeated", "lost", "seconds", "recovered by"))
    for row in rows:
        say(row.line())
    lost = sum(len(row.outcome.lost) for row in rows if row.outcome)
    failures = [row.fault for row in rows if row.failure]
    if failures:
        say(f"failed: {', '.join(failures)}")
    if pipeline.writer.error is not None:
        say(f"a write of the application failed: {pipeline.writer.error}")
    say(f"faults: {len(rows)}, lost: {lost}")
    return 1 if lost or failures or pipeline.writer.error is not None else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", default="", help="names with commas; without, all")
    parser.add_argument("--list", action="store_true", help="what faults there are")
    parser.add_argument("--keep", action="store_true", help="leave the sandbox up, to look around")
    options = parser.parse_args()
    if options.list:
        for fault in FAULTS:
            say(f"{name(fault):<38} {' '.join((fault.__doc__ or '').split())}")
        return 0
    try:
        faults = chosen(options.faults)
    except ValueError as error:
        parser.error(str(error))
    if os.geteuid() != 0:
        parser.error("the sandbox's node runs pods for root only")
    with tempfile.TemporaryDirectory() as folder:
        world = World(load(), Path(folder))
        pipeline = Pipeline(world, progress)
        progress("the sandbox starts from nothing")
        world.sandbox("down")
        try:
            world.sandbox("up")
            pipeline.provision()
            return report(run(pipeline, faults), pipeline)
        finally:
            pipeline.close()
            if not options.keep:
                progress("the sandbox stops")
                world.sandbox("down")


if __name__ == "__main__":
    sys.exit(main())
