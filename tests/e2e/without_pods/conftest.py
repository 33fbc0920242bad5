# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as an ordinary user has it, with everything but the pod.  It can be up beside root's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..ordinary_user import ordinary_user
from ..world import WITHOUT_POD, World

ORDER = {"test_without_root.py": 0, "test_teardown.py": 2}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story that begins with `up` comes first, the one that ends with `down` last."""
    items.sort(key=lambda item: ORDER.get(item.path.name, 1))


@pytest.fixture(scope="session")
def stopped_world() -> Iterator[World]:
    """A sandbox that is down, and goes down again at the end."""
    with ordinary_user() as made:
        made.sandbox("down")
        try:
            yield made
        finally:
            made.sandbox("down")


@pytest.fixture(scope="session")
def said_by_up(stopped_world: World) -> str:
    """What `up` prints."""
    return stopped_world.sandbox("up")


@pytest.fixture(scope="session")
def world(stopped_world: World, said_by_up: str) -> World:
    """The sandbox, which is up."""
    return stopped_world


@pytest.fixture(scope="session")
def site_made(world: World) -> str:
    """Name of a pipeline that site.yml made for others to look at: everything but the pod, in a namespace of its own."""
    name = "site-demo"
    variables = {
        "cdc_name": name,
        "cdc_namespace": name,
        "cloudsql_labels": {"team": "data"},
        "pubsub_labels": {"team": "data"},
        "pubsub_subscriptions": [{"name": f"{name}-reader"}],
    }
    world.site(*WITHOUT_POD, variables=variables)
    return name
