# SPDX-License-Identifier: GPL-3.0-or-later
"""A second pipeline beside the first, with the other choices: offsets on a volume, one topic a table, the article's resources."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..world import Subscription, World, names

pytestmark = pytest.mark.timeout(600)

NAME = "volume-demo"
VARIABLES = {
    "cdc_name": NAME,
    "cdc_offsets": "volume",
    "cdc_topic_per_table": True,
    "debezium_k8s_resources": {"requests": {"cpu": "0.5", "memory": "512Mi"}, "limits": {"cpu": "0.5", "memory": "512Mi"}},
}


def test_offsets_on_a_volume_outlive_the_pod(world: World, stops_at_the_end: Callable[[str], None]) -> None:
    stops_at_the_end(NAME)
    world.site(variables=VARIABLES)
    world.create_table(NAME)
    world.site(variables=VARIABLES)
    (claim,) = world.kubectl("get", "persistentvolumeclaims", "--namespace", "debezium", "--output", "json")["items"]
    assert (claim["status"]["phase"], claim["spec"]["resources"]["requests"]["storage"]) == ("Bound", "10Gi")
    volume = world.kubectl("get", "persistentvolume", claim["spec"]["volumeName"], "--output", "json")
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"

    changes = Subscription(world, "e2e-volume", f"{NAME}.public.mytable")
    world.insert(NAME, "before")
    changes.wait(lambda events: "before" in names(events))
    first = world.pod(NAME)["metadata"]["name"]
    world.kubectl("delete", "pod", first, "--namespace", "debezium")
    world.insert(NAME, "while away")
    changes.wait(lambda events: "while away" in names(events))
    assert world.pod(NAME)["metadata"]["name"] != first
    assert {event["op"] for event in changes.events} == {"c"}, "a new snapshot would have read the rows again (op r)"
    assert world.site(variables=VARIABLES).recap["changed"] == 0
