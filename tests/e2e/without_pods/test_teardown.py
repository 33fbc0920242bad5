# SPDX-License-Identifier: GPL-3.0-or-later
"""The last checks without pods; they take the sandbox down."""

from __future__ import annotations

from ..world import World


def test_every_request_and_answer_fitted_googles_documents(world: World) -> None:
    found = world.control("violations")
    assert (found["requests"], found["answers"]) == ([], [])


def test_down_leaves_nothing(world: World) -> None:
    assert world.processes() != []
    world.sandbox("down")
    assert world.processes() == []
    assert not world.settings.state.exists()
