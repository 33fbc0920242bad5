# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of the bench: recaps, medians, ratios, and what is new in a log of requests.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

RECAP = re.compile(r"^(\S+)\s+: (ok=\d.*)$", re.MULTILINE)
CHANGED = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(.*?)\]|^changed: \[", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """Seconds of one run.  cpu: user and system, of the program and all that it started."""

    wall: float
    cpu: float


def medians(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def ratio_line(title: str, ours: Sequence[Cost], peers: Sequence[Cost]) -> str:
    """One line with both ratios of medians."""
    mine, theirs = medians(ours), medians(peers)
    return f"{title}: wall {mine.wall / theirs.wall:.2f} cpu {mine.cpu / theirs.cpu:.2f} of the peers"


def seconds_line(title: str, costs: Sequence[Cost]) -> str:
    """The seconds behind a ratio: medians, and how far apart the runs were."""
    middle = medians(costs)
    walls = [cost.wall for cost in costs]
    return f"  {title}: {middle.wall:.2f} s wall ({min(walls):.2f} to {max(walls):.2f}), {middle.cpu:.2f} s cpu"


def recap(output: str) -> dict[str, dict[str, int]]:
    """The numbers of Ansible's recap, by host."""
    return {
        found[1]: {key: int(value) for key, _, value in (pair.partition("=") for pair in found[2].split())}
        for found in RECAP.finditer(output)
    }


def changed_tasks(output: str) -> list[str]:
    """Names of the tasks that changed something."""
    task, found = "", []
    for match in CHANGED.finditer(output):
        if match[1] is None:
            found.append(task)
        else:
            task = match[1]
    return found


def trouble(code: int, output: str, hosts: int, unchanged: bool) -> str | None:
    """What was wrong with a run as a sentence, or None.

    hosts: how many the run was of.  unchanged: whether it had to change nothing.
    """
    numbers = recap(output)
    bad = [host for host, counts in numbers.items() if counts.get("failed") or counts.get("unreachable")]
    if code or bad:
        return f"It ended with code {code}; failed: {', '.join(bad) or 'nothing that the recap names'}."
    if len(numbers) != hosts:
        return f"It was of {len(numbers)} hosts, not of {hosts}."
    if unchanged and any(counts.get("changed") for counts in numbers.values()):
        return f"It is not idempotent; changed: {', '.join(dict.fromkeys(changed_tasks(output)))}."
    return None


def new_entries(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """What was added to a log whose oldest entries may have been dropped meanwhile."""
    for start in range(len(before) + 1):
        kept = len(before) - start
        if kept <= len(after) and list(before[start:]) == list(after[:kept]):
            return list(after[kept:])
    raise AssertionError("unreachable: an empty rest always fits")


def count_google(entries: Sequence[Any], caller: str) -> dict[str, int]:
    """Requests of one caller to the stand-in for Google's APIs, and requests of tokens (whose caller is not known yet)."""
    return {
        "requests": sum(entry["caller"] == caller for entry in entries),
        "token": sum(entry["method_id"] == "token" for entry in entries),
    }


def count_pubsub(entries: Sequence[Any], caller: str) -> int:
    """Calls of one caller to the Pub/Sub server."""
    return sum(entry["member"] == f"serviceAccount:{caller}" for entry in entries)
