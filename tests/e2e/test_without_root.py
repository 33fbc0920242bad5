# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox without root: everything but the pod.  Told in order: each test goes on where the one before it ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.given import GivenCluster
from cdc_sandbox.kubernetes import fake_node, given_cluster, without_root
from cdc_sandbox.progress import Progress
from cdc_sandbox.settings import Settings, with_cluster

from .conftest import NAME, until
from .ordinary_user import OrdinaryUser, ordinary_user

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as made:
        made.sandbox("down")
        try:
            yield made
        finally:
            made.sandbox("down")


def application(user: OrdinaryUser) -> psycopg.Connection:
    """As the application connects, with the inventory's own password."""
    host = f"{user.settings.private_instance_network}.1"
    return psycopg.connect(host=host, dbname=NAME, user=NAME, password="app-pass", sslmode="require", autocommit=True)


def test_up_and_status_say_that_no_pod_runs(user: OrdinaryUser) -> None:
    assert without_root.NOTICE in user.sandbox("up")
    status = user.sandbox("status")
    assert without_root.NOTICE in status
    assert any(line.startswith("fake node") and line.endswith("ready") for line in status.splitlines())


def test_site_makes_everything_and_the_deployment_becomes_available(user: OrdinaryUser) -> None:
    user.site()
    with application(user) as connection:
        connection.execute("CREATE TABLE public.mytable (id serial PRIMARY KEY, name text NOT NULL)")
    user.site()
    with application(user) as connection:
        published = connection.execute("SELECT tablename FROM pg_publication_tables WHERE pubname = 'dbz_publication'").fetchall()
    assert ("mytable",) in published
    topics = requests.get(f"http://{user.settings.pubsub_plain_endpoint}/v1/projects/{user.settings.project}/topics", timeout=10).json()
    assert f"projects/{user.settings.project}/topics/{NAME}.changes" in [topic["name"] for topic in topics["topics"]]
    (deployment,) = user.kubectl("get", "deployments", "--namespace=debezium")["items"]
    assert deployment["status"]["availableReplicas"] == 1
    (node,) = user.kubectl("get", "nodes")["items"]
    assert node["status"]["nodeInfo"]["containerRuntimeVersion"] == fake_node.RUNTIME


def test_a_second_run_changes_nothing(user: OrdinaryUser) -> None:
    assert " changed=0 " in user.site()


def test_a_changed_property_rolls_the_deployment(user: OrdinaryUser) -> None:
    (before,) = user.kubectl("get", "pods", "--namespace=debezium")["items"]
    user.site({"debezium_k8s_properties": {"debezium.source.poll.interval.ms": "60"}})
    (after,) = user.kubectl("get", "pods", "--namespace=debezium")["items"]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_volume_is_made_and_bound(user: OrdinaryUser) -> None:
    user.site({"cloudsql_offsets": "volume"})
    (claim,) = user.kubectl("get", "persistentvolumeclaims", "--namespace=debezium")["items"]
    assert claim["status"]["phase"] == "Bound"


def test_a_namespace_goes_with_its_pod(user: OrdinaryUser) -> None:
    done = user.command(str(user.settings.state / "bin/kubectl"), "delete", "namespace", "debezium", "--timeout=60s")
    assert done.returncode == 0, done.stdout
    assert user.kubectl("get", "pods", "--all-namespaces")["items"] == []


def test_a_killed_fake_node_is_brought_back(user: OrdinaryUser) -> None:
    pid = fake_node.daemon(user.settings).pid()
    assert pid is not None
    user.command("kill", "-9", str(pid))
    until(lambda: fake_node.daemon(user.settings).pid() is None, 10, "the fake node is gone")
    status = user.command(user.python, "-m", "cdc_sandbox.cli", "status")
    assert (status.returncode, "Not well: fake node." in status.stdout) == (1, True), status.stdout
    user.sandbox("up")
    assert fake_node.daemon(user.settings).pid() not in (None, pid)


def named(user: OrdinaryUser, tmp_path: Path, *namespaces: str) -> Settings:
    """This user's cluster as somebody else has named it for a sandbox of his own."""
    cluster = GivenCluster(str(user.settings.kubeconfig), "cdc-sandbox", namespaces)
    return with_cluster(Settings(state=tmp_path / "state", cache=tmp_path / "cache"), cluster)


def namespaces(user: OrdinaryUser) -> set[str]:
    return {each["metadata"]["name"] for each in user.kubectl("get", "namespaces")["items"]}


def test_a_named_cluster_gets_namespaces_that_go_again_and_keeps_its_own(user: OrdinaryUser, tmp_path: Path) -> None:
    user.kubectl("create", "namespace", "theirs")
    before = namespaces(user)
    settings = named(user, tmp_path, "first", "second")
    given_cluster.prepare(settings)
    assert namespaces(user) == before
    given_cluster.up(settings, Progress())
    assert namespaces(user) - before == {"first", "second"}
    (line,) = given_cluster.status(settings)
    assert (line.name, line.state) == ("Kubernetes (cdc-sandbox)", "ready")
    given_cluster.prepare(settings)
    given_cluster.up(settings, Progress())
    given_cluster.down(settings, Progress())
    assert namespaces(user) == before


def test_a_namespace_that_somebody_else_made_is_refused_before_anything_is_changed(user: OrdinaryUser, tmp_path: Path) -> None:
    before = namespaces(user)
    settings = named(user, tmp_path, "another", "theirs")
    with pytest.raises(SandboxError, match="theirs .* was not made by the sandbox"):
        given_cluster.prepare(settings)
    assert not settings.state.exists()
    assert namespaces(user) == before


def test_down_leaves_nothing(user: OrdinaryUser) -> None:
    assert user.processes() != []
    user.sandbox("down")
    assert user.processes() == []
    assert not user.settings.state.exists()
