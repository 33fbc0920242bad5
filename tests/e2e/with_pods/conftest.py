# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox with a node that runs pods, which needs root."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from cdc_sandbox.settings import load

from ..world import World

ORDER = {"test_pipeline.py": 0, "test_named_cluster.py": 2}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story that begins with a project in which there is nothing comes first, the one that stops the others' servers last."""
    items.sort(key=lambda item: ORDER.get(item.path.name, 1))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A fresh sandbox, taken down again at the end.  With CDC_E2E_KEEP=1 it is left as the tests left it, to look around.

    At the end no request of any test, and no answer of the stand-in, may have violated Google's discovery documents.
    """
    if os.geteuid() != 0:
        pytest.skip("without root the sandbox's node runs no pod, which this needs; run make e2e as root")
    made = World(load(), tmp_path_factory.mktemp("world"))
    made.sandbox("down")
    made.sandbox("up")
    yield made
    found = made.control("violations")
    if os.environ.get("CDC_E2E_KEEP") != "1":
        made.sandbox("down")
    assert (found["requests"], found["answers"]) == ([], [])


@pytest.fixture(scope="module")
def stops_at_the_end(world: World) -> Iterator[Callable[[str], None]]:
    """Call it with a pipeline's name: its pod goes when the story is told, so that it takes nothing from the stories that follow."""
    names: list[str] = []
    yield names.append
    for name in names:
        world.kubectl("delete", "deployments", "--all-namespaces", f"--selector=parent={name}", "--cascade=foreground")
