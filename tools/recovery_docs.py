"""Writes the table of cases in docs/recovery.md from the function that decides them; with --check only says if it is up to date."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.cases import (
    OFFSET_STATES,
    RECOVERIES,
    SLOT_STATES,
    Case,
    Decision,
    Outcome,
    decide,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "recovery.md"
BEGIN, END = "<!-- cases: begin -->", "<!-- cases: end -->"

WORDS: dict[Outcome, str] = {
    "start": "starts with the initial snapshot",
    "continue": "goes on, nothing is lost",
    "resume": "goes on from the slot, nothing is lost",
    "resnapshot": "drops slot and offsets, and takes a new snapshot",
    "refuse": "refused",
}

DIMENSIONS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("published", (True, False)),
    ("offsets", OFFSET_STATES),
    ("began", (True, False)),
    ("restarts", (True, False)),
)
"""What distinguishes the cases of one state of the slot, in the order of the table's columns."""


def rows() -> Iterator[str]:
    """The table, one row for each set of cases that end alike."""
    yield "| slot | publication | offsets | further | by default | `resume` | `resnapshot` |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for slot in SLOT_STATES:
        for fixed in _distinct(slot, {}, DIMENSIONS):
            default, resume, resnapshot = _decisions(slot, fixed)
            seen = f": {default.reason.split(' cdc_recovery')[0]}" if default.reason else ""
            yield (
                f"| {slot} | {_published(fixed)} | {fixed.get('offsets', 'any')} | {_further(fixed)} | {WORDS[default.outcome]}{seen}"
                f" | {WORDS[resume.outcome]} | {WORDS[resnapshot.outcome]} |"
            )


def _distinct(slot: Any, fixed: dict[str, Any], dimensions: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[dict[str, Any]]:
    """Values of the dimensions that matter for `slot`, beyond those that are fixed already."""
    if not dimensions:
        yield fixed
        return
    (name, values), rest = dimensions[0], dimensions[1:]
    if len({_all(slot, {**fixed, name: value}, rest) for value in values}) == 1:
        yield from _distinct(slot, fixed, rest)
        return
    for value in values:
        yield from _distinct(slot, {**fixed, name: value}, rest)


def _all(slot: Any, fixed: dict[str, Any], rest: Sequence[tuple[str, tuple[Any, ...]]]) -> tuple[Any, ...]:
    names = [name for name, _ in rest]
    combinations = itertools.product(*(values for _, values in rest))
    return tuple(_decisions(slot, {**fixed, **dict(zip(names, values, strict=True))}) for values in combinations)


def _decisions(slot: Any, fixed: dict[str, Any]) -> tuple[Decision, ...]:
    given = {"published": True, "offsets": "saved", "began": True, "restarts": True, **fixed}
    return tuple(decide(Case(slot=slot, recovery=recovery, **given)) for recovery in RECOVERIES)


def _published(fixed: dict[str, Any]) -> str:
    return {True: "exists", False: "missing", None: "any"}[fixed.get("published")]


def _further(fixed: dict[str, Any]) -> str:
    words = {
        ("began", True): "streamed before",
        ("began", False): "never streamed",
        ("restarts", True): "the run replaces the pod",
        ("restarts", False): "the pod stays",
    }
    return ", ".join(words[name, fixed[name]] for name in ("began", "restarts") if name in fixed)


def main() -> int:
    page = PAGE.read_text()
    before, _, after = page.partition(BEGIN)
    text = f"{before}{BEGIN}\n" + "\n".join(rows()) + f"\n{END}{after.partition(END)[2]}"
    if "--check" in sys.argv:
        if text != page:
            print("docs/recovery.md is out of date; run tools/recovery_docs.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
