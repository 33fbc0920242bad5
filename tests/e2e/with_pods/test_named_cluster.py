# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that was named instead of a built one, with pods: the built cluster is named for a sandbox of another user.

Both would have the same addresses, so the first sandbox keeps nothing but its cluster meanwhile.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cdc_sandbox import external_cluster
from cdc_sandbox.external_cluster import ExternalCluster
from cdc_sandbox.google import process as google
from cdc_sandbox.kubernetes.external import LABEL
from cdc_sandbox.metadata import process as metadata
from cdc_sandbox.postgresql import cluster as postgresql
from cdc_sandbox.pubsub import server as pubsub
from cdc_sandbox.settings import with_cluster

from ..world import Subscription, World, names

pytestmark = pytest.mark.timeout(600)

NAME = "named-demo"
VARIABLES = {"cdc_name": NAME, "cdc_namespace": NAME}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter, which pytest's are not."""
    made = Path(tempfile.mkdtemp(prefix="cdc-named-cluster-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def cluster_alone(world: World) -> Iterator[ExternalCluster]:
    """The cluster of a sandbox whose other parts are stopped; afterwards all is as before."""
    settings = world.settings
    world.kubectl("delete", "deployments", "--all-namespaces", "--selector=app=debezium", "--cascade=foreground")
    metadata.down(settings)
    pubsub.down(settings)
    google.down(settings)
    postgresql.stop_all(settings)
    yield ExternalCluster(str(settings.kubeconfig), "cdc-sandbox", (NAME,))
    world.sandbox("up")


@pytest.fixture
def named(world: World, cluster_alone: ExternalCluster, folder: Path) -> Iterator[World]:
    """A sandbox for which the cluster was named, down at the end."""
    settings = with_cluster(replace(world.settings, state=folder / "state"), cluster_alone)
    environment = {
        **os.environ,
        "CDC_SANDBOX_STATE": str(settings.state),
        external_cluster.KUBECONFIG: cluster_alone.kubeconfig,
        external_cluster.CONTEXT: cluster_alone.context,
        external_cluster.NAMESPACES: NAME,
    }
    made = World(settings, folder, environment=environment)
    yield made
    made.sandbox("down")


def test_a_pipeline_runs_in_a_cluster_that_was_named(world: World, named: World) -> None:
    before = world.namespaces()
    assert "Kubernetes is yours: context cdc-sandbox" in named.sandbox("up")
    assert world.namespaces() == before | {NAME}
    assert "Kubernetes (cdc-sandbox)" in named.sandbox("status")

    named.site("--tags", "cloudsql,pubsub", variables=VARIABLES)
    named.create_table(NAME)
    changes = Subscription(named, "e2e-named", f"{NAME}.changes")
    named.site(variables=VARIABLES)
    assert [pod["status"]["phase"] for pod in world.pods(NAME)] == ["Running"], "in the one cluster that both know"
    named.insert(NAME, "in a cluster of yours")
    changes.wait(lambda events: "in a cluster of yours" in names(events))
    assert named.site(variables=VARIABLES).recap["changed"] == 0
    labels = named.kubectl("get", "namespace", NAME, "--output", "json")["metadata"]["labels"]
    assert labels[LABEL[0]] == LABEL[1], "site.yml left it to `down`"

    found = named.control("violations")
    assert (found["requests"], found["answers"]) == ([], [])
    named.sandbox("down")
    assert world.namespaces() == before
    assert named.processes() == []
