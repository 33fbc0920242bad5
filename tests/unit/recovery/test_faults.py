# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of faults."""

from __future__ import annotations

import pytest

from recovery.faults import FAULTS, chosen, name


def test_there_are_at_least_twenty_and_each_says_what_it_stands_for() -> None:
    assert len({name(fault) for fault in FAULTS}) == len(FAULTS) >= 20
    assert all(fault.__doc__ for fault in FAULTS)


def test_without_names_all_are_chosen_and_with_names_these_in_their_order() -> None:
    assert chosen("") == FAULTS
    assert [name(fault) for fault in chosen("slot_lost, java_killed")] == ["slot_lost", "java_killed"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault is called nonsense"):
        chosen("java_killed,nonsense")
