# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox without root: everything but the pod.  Told in order: each test goes on where the one before it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.external_cluster import ExternalCluster
from cdc_sandbox.kubernetes import external, fake_node, without_root
from cdc_sandbox.progress import Progress
from cdc_sandbox.settings import Settings, with_cluster

from ..world import IN_SQL, NAME, World, until

pytestmark = pytest.mark.timeout(900)


def test_up_and_status_say_that_no_pod_runs(world: World, said_by_up: str) -> None:
    assert without_root.NOTICE in said_by_up
    status = world.sandbox("status")
    assert without_root.NOTICE in status
    assert any(line.startswith("fake node") and line.endswith("running") for line in status.splitlines())


def test_site_makes_everything_and_the_deployment_becomes_available(world: World) -> None:
    world.site()
    world.create_table()
    world.site()
    with world.application() as connection:
        published = connection.execute("SELECT tablename FROM pg_publication_tables WHERE pubname = %s", [IN_SQL]).fetchall()
    assert ("mytable",) in published
    assert world.pubsub("GET", f"topics/{NAME}.changes").ok
    (deployment,) = world.kubectl("get", "deployments", "--namespace=debezium", "--output", "json")["items"]
    assert deployment["status"]["availableReplicas"] == 1
    (node,) = world.kubectl("get", "nodes", "--output", "json")["items"]
    assert node["status"]["nodeInfo"]["containerRuntimeVersion"] == fake_node.RUNTIME


def test_a_second_run_changes_nothing(world: World) -> None:
    assert world.site().recap["changed"] == 0


def test_a_changed_property_rolls_the_deployment(world: World) -> None:
    (before,) = world.pods()
    world.site(variables={"debezium_k8s_properties": {"debezium.source.poll.interval.ms": "60"}})
    (after,) = world.pods()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_volume_is_made_and_bound(world: World) -> None:
    world.site(variables={"cdc_offsets": "volume", "cdc_recovery": "resnapshot"})
    (claim,) = world.kubectl("get", "persistentvolumeclaims", "--namespace=debezium", "--output", "json")["items"]
    assert claim["status"]["phase"] == "Bound"


def test_a_namespace_goes_with_its_pod(world: World) -> None:
    world.kubectl("delete", "namespace", "debezium", "--timeout=60s")
    assert world.pods() == []


def test_a_killed_fake_node_is_brought_back(world: World) -> None:
    pid = fake_node.daemon(world.settings).pid()
    assert pid is not None
    world.command("kill", "-9", str(pid))
    until(lambda: fake_node.daemon(world.settings).pid() is None, 10, "the fake node is gone")
    status = world.command(world.python, "-m", "cdc_sandbox.cli", "status")
    assert (status.returncode, "Not well: fake node (down)." in status.stderr) == (1, True), status.stdout + status.stderr
    world.sandbox("up")
    assert fake_node.daemon(world.settings).pid() not in (None, pid)


def named(world: World, tmp_path: Path, *namespaces: str) -> Settings:
    """This user's cluster as somebody else has named it for a sandbox of his own."""
    cluster = ExternalCluster(str(world.settings.kubeconfig), "cdc-sandbox", namespaces)
    return with_cluster(Settings(state=tmp_path / "state", cache=tmp_path / "cache"), cluster)


def test_a_named_cluster_gets_namespaces_that_go_again_and_keeps_its_own(world: World, tmp_path: Path) -> None:
    world.kubectl("create", "namespace", "theirs")
    before = world.namespaces()
    settings = named(world, tmp_path, "first", "second")
    external.prepare(settings)
    assert world.namespaces() == before
    external.up(settings, Progress())
    assert world.namespaces() - before == {"first", "second"}
    (line,) = external.status(settings)
    assert (line.name, line.state) == ("Kubernetes (cdc-sandbox)", "running")
    external.prepare(settings)
    external.up(settings, Progress())
    external.down(settings, Progress())
    assert world.namespaces() == before


def test_a_namespace_that_somebody_else_made_is_refused_before_anything_is_changed(world: World, tmp_path: Path) -> None:
    before = world.namespaces()
    settings = named(world, tmp_path, "another", "theirs")
    with pytest.raises(SandboxError, match="theirs .* was not made by the sandbox"):
        external.prepare(settings)
    assert not settings.state.exists()
    assert world.namespaces() == before
