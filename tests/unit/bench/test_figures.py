# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bench.figures import Cost, changed_tasks, count_google, count_pubsub, medians, new_entries, ratio_line, recap, seconds_line, trouble

UNCHANGED = """
TASK [Topics] ******************************************************************
ok: [one] => (item=a)

PLAY RECAP *********************************************************************
one                        : ok=17   changed=0    unreachable=0    failed=0    skipped=6    rescued=0    ignored=0
two-01                     : ok=3    changed=0    unreachable=0    failed=0    skipped=6    rescued=0    ignored=0
"""
CHANGED = """
TASK [cdc.gcp.pubsub : Topic] **************************************************
changed: [one] => (item=a)
changed: [one] => (item=b)

TASK [Publication] *************************************************************
ok: [one]

PLAY RECAP *********************************************************************
one                        : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""
FAILED = """
PLAY RECAP *********************************************************************
one                        : ok=2    changed=1    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0
"""


def test_median_of_each_cost() -> None:
    assert medians([Cost(1, 30), Cost(9, 10), Cost(2, 20)]) == Cost(2, 20)


def test_ratio_of_medians() -> None:
    ours, peers = [Cost(1, 0.5), Cost(2, 1), Cost(50, 50)], [Cost(10, 8), Cost(8, 4), Cost(7, 4)]
    assert ratio_line("no-op", ours, peers) == "no-op: wall 0.25 cpu 0.25 of the peers"


def test_seconds_show_the_spread() -> None:
    assert seconds_line("ours", [Cost(1, 0.5), Cost(3, 1)]) == "  ours: 2.00 s wall (1.00 to 3.00), 0.75 s cpu"


def test_recap_by_host() -> None:
    numbers = recap(UNCHANGED)
    assert list(numbers) == ["one", "two-01"]
    assert numbers["one"]["ok"] == 17
    assert numbers["two-01"]["skipped"] == 6


def test_changed_tasks_by_name() -> None:
    assert changed_tasks(CHANGED) == ["cdc.gcp.pubsub : Topic", "cdc.gcp.pubsub : Topic"]


def test_an_unchanged_run_is_right() -> None:
    assert trouble(0, UNCHANGED, hosts=2, unchanged=True) is None


def test_a_set_up_may_change() -> None:
    assert trouble(0, CHANGED, hosts=1, unchanged=False) is None


@pytest.mark.parametrize(
    ("code", "output", "hosts", "sentence"),
    [
        (0, CHANGED, 1, "It is not idempotent; changed: cdc.gcp.pubsub : Topic."),
        (2, FAILED, 1, "It ended with code 2; failed: one."),
        (-9, "", 1, "It ended with code -9; failed: nothing that the recap names."),
        (0, UNCHANGED, 25, "It was of 2 hosts, not of 25."),
        (0, "skipping: no hosts matched", 1, "It was of 0 hosts, not of 1."),
    ],
)
def test_what_is_wrong_is_a_sentence(code: int, output: str, hosts: int, sentence: str) -> None:
    assert trouble(code, output, hosts, unchanged=True) == sentence


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ([], ["a"], ["a"]),
        (["a"], ["a", "a"], ["a"]),
        (["a", "b", "c"], ["b", "c", "d"], ["d"]),
        (["a", "b"], [], []),
        (["a", "b"], ["x", "y"], ["x", "y"]),
    ],
    ids=["first", "equal entries", "oldest dropped", "cleared", "all dropped"],
)
def test_new_entries_of_a_bounded_log(before: list[str], after: list[str], new: list[str]) -> None:
    assert new_entries(before, after) == new


def test_requests_are_counted_by_caller() -> None:
    entries = [
        {"method_id": "token", "caller": None},
        {"method_id": "sql.instances.get", "caller": "me"},
        {"method_id": "sql.instances.get", "caller": "pod"},
    ]
    assert count_google(entries, "me") == {"requests": 1, "token": 1}
    assert count_pubsub([{"member": "serviceAccount:me"}, {"member": "serviceAccount:pod"}, {"member": ""}], "me") == 1
