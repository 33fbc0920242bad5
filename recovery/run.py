# SPDX-License-Identifier: GPL-3.0-or-later
"""Injects faults into a pipeline under write load, lets it recover, and compares written with received: `make recovery`.

It ends with code 1 when a change was lost, a guard was silent that must speak, or a fault or its recovery failed.
"""

from __future__ import annotations

import argparse
import json
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
COLUMNS = "{:<36} · {:>7} · {:>8} · {:>8} · {:>4} · {} · {}"


@dataclass(frozen=True)
class Row:
    """One line of the table.  failed: something went wrong beside lost changes; then nothing that was not told was meant so."""

    fault: str
    outcome: Outcome
    text: str
    failed: bool = False

    @property
    def lost(self) -> int:
        return len(self.outcome.lost) + (self.outcome.untold if self.failed else 0)

    def line(self) -> str:
        found = self.outcome
        received = found.received, found.repeated
        return COLUMNS.format(self.fault, found.written, *received, self.lost, self.text, f"{found.seconds:.0f} s")


STARTED = time.monotonic()


def say(text: str) -> None:
    print(text, flush=True)


def progress(text: str) -> None:
    say(f"  {time.monotonic() - STARTED:6.0f} s  {text}")


def attempt(pipeline: Pipeline, fault: Fault) -> Row:
    """One fault, from its load to its line.  Whatever fails, it leaves a pipeline that streams."""
    start = pipeline.fault_began = pipeline.ledger.mark()
    began, read = time.monotonic(), pipeline.reader.events.read
    progress(f"{name(fault)}: {' '.join((fault.__doc__ or '').split())}")
    try:
        pipeline.bulk.copy(COPY_ROWS)
        transaction = Background(lambda: pipeline.bulk.transaction(TRANSACTION_ROWS))
        recovery = fault(pipeline)
        transaction.wait(120)
        outcome = settle(pipeline, recovery, start, pipeline.ledger.mark(), began)
        snapshot = 0 if recovery.snapshot else pipeline.reader.events.read - read
        text = description(recovery, outcome) + (f"; and an unexpected snapshot of {snapshot} rows" if snapshot else "")
        return Row(name(fault), outcome, text, failed=snapshot > 0)
    except Exception as error:
        traceback.print_exc()
        kind = "NOT REFUSED" if isinstance(error, NotRefused) else "FAILED"
        progress("a new start, for the faults that follow")
        pipeline.start_over()
        outcome = settle(pipeline, Recovery("", snapshot=True), start, pipeline.ledger.mark(), began)
        return Row(name(fault), outcome, f"{kind}: {' '.join(str(error).split())[-400:] or type(error).__name__}", failed=True)


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


def examples(lost: frozenset[Change]) -> None:
    progress(f"lost: {', '.join(f'{each.table} {each.id} {each.operation}' for each in sorted(lost)[:10])} ...")


def run(pipeline: Pipeline, faults: tuple[Fault, ...]) -> list[Row]:
    rows: list[Row] = []
    for fault in faults:
        try:
            rows.append(attempt(pipeline, fault))
        except Exception as error:
            traceback.print_exc()
            text = f"FAILED, and so did the new start; the faults that follow are left out: {error}"
            return [*rows, Row(name(fault), Outcome(0, 0, 0, frozenset(), 0, 0.0), text, failed=True)]
        if rows[-1].outcome.lost:
            examples(rows[-1].outcome.lost)
        say(rows[-1].line())
        pipeline.bulk.empty()
    return rows


def report(rows: list[Row], pipeline: Pipeline) -> int:
    """The table, its last line, and the exit code."""
    say("")
    say(COLUMNS.format("fault", "written", "received", "repeated", "lost", "recovered by", "seconds"))
    for row in rows:
        say(row.line())
    lost, failed = sum(row.lost for row in rows), [row.fault for row in rows if row.failed]
    if failed:
        say(f"failed: {', '.join(failed)}")
    if pipeline.writer.error is not None:
        say(f"a write of the application failed: {pipeline.writer.error}")
    say(f"faults: {len(rows)}, lost: {lost}")
    return 1 if lost or failed or pipeline.writer.error is not None else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", default="", help="names with commas; without, all")
    parser.add_argument(
        "--variables", type=json.loads, default={}, help="variables of the pipeline as JSON, to try others than the defaults"
    )
    parser.add_argument("--list", action="store_true", help="what faults there are")
    parser.add_argument("--keep", action="store_true", help="leave the sandbox up, to look around")
    options = parser.parse_args()
    if options.list:
        for fault in FAULTS:
            say(f"{name(fault):<36} {' '.join((fault.__doc__ or '').split())}")
        return 0
    try:
        faults = chosen(options.faults)
    except ValueError as error:
        parser.error(str(error))
    if os.geteuid() != 0:
        parser.error("the sandbox's node runs pods for root only")
    with tempfile.TemporaryDirectory() as folder:
        world = World(load(), Path(folder))
        pipeline = Pipeline(world, progress, options.variables)
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
