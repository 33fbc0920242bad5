# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole site is one plan: a refusal anywhere changes nothing anywhere, check mode tells the truth in every state, parts stand alone."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
import requests

from ..world import WITHOUT_POD, Run, World

pytestmark = pytest.mark.timeout(600)


def said(run: Run) -> str:
    """What a run printed, without line breaks."""
    return " ".join(run.output.split())


def state(world: World) -> dict[str, t.Any]:
    """What a refusal must not change on the four servers: versions of objects, not only their names."""
    project = world.settings.project
    root = f"{world.settings.google_endpoint}/sql/v1beta4/projects/{project}/instances"
    instances = world.google().get(root).json().get("items", [])
    objects = world.kubectl("get", "namespaces,secrets,serviceaccounts", "--all-namespaces", "--output", "json")["items"]
    return {
        "instances": [(item["name"], item["settings"]["settingsVersion"]) for item in instances],
        "topics": world.pubsub("GET", "topics").json(),
        "kubernetes": sorted((item["metadata"]["uid"], item["metadata"]["resourceVersion"]) for item in objects),
    }


@pytest.fixture(scope="module")
def stranger(world: World) -> str:
    """Key file, as the user's programs can read it, of a service account without any role."""
    root = f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts"
    made = world.google().post(root, json={"accountId": "stranger"})
    assert made.ok, made.text
    key = world.google().post(f"{root}/{made.json()['email']}/keys", json={}).json()
    path = world.folder / "stranger.json"
    path.write_bytes(base64.b64decode(key["privateKeyData"]))
    path.chmod(0o644)
    return str(path)


NAME = "plan-demo"
MADE = {"cdc_name": NAME, "cdc_namespace": NAME, "pubsub_subscriptions": [{"name": f"{NAME}-reader"}]}


@pytest.fixture(scope="module")
def made(world: World) -> str:
    """A whole pipeline, whose Deployment the fake node makes available."""
    world.site(variables=MADE)
    return NAME


def labels_of(world: World, namespace: str) -> dict[str, str]:
    """Labels of a namespace but the one that Kubernetes itself sets."""
    labels = dict(world.kubectl("get", "namespace", namespace, "--output", "json")["metadata"]["labels"])
    assert labels.pop("kubernetes.io/metadata.name") == namespace
    return labels


def test_a_namespace_is_restricted_only_if_the_pipeline_makes_it(world: World, made: str) -> None:
    """In one that exists, other people's workloads would be held to the standard, too."""
    assert labels_of(world, made) == {"pod-security.kubernetes.io/enforce": "restricted"}
    world.kubectl("create", "namespace", "labelled")
    world.kubectl("label", "namespace", "labelled", "team=data")
    theirs = {"cdc_name": "guest", "cdc_namespace": "labelled"}
    assert "Namespace labelled" not in world.site("--check", "--diff", variables=theirs).changed()
    world.site(variables=theirs)
    assert labels_of(world, "labelled") == {"team": "data"}
    world.site(variables={**theirs, "cdc_namespace_labels": {"tier": "gold"}})
    assert labels_of(world, "labelled") == {"team": "data", "tier": "gold"}


def refusals(stranger: str) -> list[tuple[dict[str, t.Any], str]]:
    log_in = {"auth_kind": "serviceaccount", "service_account_file": stranger}
    return [
        ({"cdc_region": "us-central1"}, "cannot be moved to us-central1"),
        ({"cloudsql_tier": "db-custom-2-7680"}, "This would restart instance plan-demo-sql"),
        ({"cloudsql_user_password": "not that one"}, "the password is wrong, or the role does not exist"),
        ({"cdc_slot_name": "other", "cdc_topic_prefix": "other"}, "its slot debezium_plan_demo would become other"),
        ({"cdc_gcp_options": log_in}, "cloudsql.instances.get"),
    ]


@pytest.mark.parametrize("number", range(5))
def test_a_refusal_anywhere_changes_nothing_anywhere(world: World, made: str, stranger: str, number: int) -> None:
    """Each run also asks for changes of every other system, which would be made if it were not refused."""
    variables, sentence = refusals(stranger)[number]
    options = {
        "sql_endpoint": f"{world.settings.google_endpoint}/",
        "iam_endpoint": f"{world.settings.google_endpoint}/",
        "resource_manager_endpoint": f"{world.settings.google_endpoint}/",
        "service_networking_endpoint": f"{world.settings.google_endpoint}/",
        "pubsub_endpoint": f"https://{world.settings.pubsub_tls_endpoint}/",
        "ca_certificate_file": str(world.settings.pki / "ca.crt"),
    }
    wanted = {
        **MADE,
        "pubsub_labels": {"team": "refused"},
        "cloudsql_labels": {"team": "refused"},
        "debezium_k8s_labels": {"team": "refused"},
        **variables,
        "cdc_gcp_options": {**options, **variables.get("cdc_gcp_options", {})},
    }
    before = state(world)
    world.control("requests", "DELETE")
    run = world.playbook("site.yml", variables=wanted)
    assert (run.code != 0, run.recap["changed"], world.writes()) == (True, 0, []), run.output[-3000:]
    assert sentence in said(run)
    assert state(world) == before


def test_refusals_of_two_systems_are_told_in_one_run(world: World, made: str) -> None:
    variables = {**MADE, "cdc_region": "us-central1", "pubsub_subscriptions": [{"name": f"{NAME}-reader", "filter": "attributes:x"}]}
    problems = world.playbook("site.yml", variables=variables).results["Provision the pipeline"]["problems"]
    assert len(problems) == 2, problems
    assert "cannot be moved to us-central1" in problems[0]
    assert "Pub/Sub cannot change that" in problems[1]


def test_check_mode_on_the_live_pipeline_finds_nothing_to_do(world: World, made: str) -> None:
    run = world.site("--check", "--diff", variables=MADE)
    assert (run.recap["changed"], run.changed()) == (0, [])


def test_check_mode_on_a_half_made_project_shows_what_is_left_and_the_next_run_makes_it(world: World) -> None:
    variables = {"cdc_name": "half-made", "cdc_namespace": "half-made"}
    world.site("--tags", "pubsub", variables=variables)
    run = world.site("--check", *WITHOUT_POD, variables=variables)
    actions = {one["name"]: one["action"] for one in run.results["Provision the pipeline"]["resources"]}
    assert actions["topic half-made.changes"] == "none"
    assert (actions["instance half-made-sql"], actions["publication debezium_half_made"]) == ("create", "create")
    assert not any(one["kind"] == "debezium_server" for one in run.results["Provision the pipeline"]["resources"])
    assert world.site(*WITHOUT_POD, variables=variables).changed() == run.changed()
    assert world.site(*WITHOUT_POD, variables=variables).recap["changed"] == 0


def test_a_run_that_fails_half_way_says_what_was_done_and_the_next_one_completes_it(world: World) -> None:
    variables = {"cdc_name": "broken-off", "cdc_namespace": "broken-off"}
    world.control("faults", "POST", json={"name": "key_creation_forbidden", "method": "iam.projects.serviceAccounts.keys.create"})
    run = world.playbook("site.yml", *WITHOUT_POD, variables=variables)
    assert world.control("faults")["on"] == [], "the fault has fired"
    result = run.results["Provision the pipeline"]
    assert (run.code != 0, result["changed"]) == (True, True)
    assert "create instance broken-off-sql" in result["done_actions"]
    assert result["failed_action"].startswith("create a key of broken-off-debezium@")
    assert "cdc_identity: workload_identity" in said(run)
    done = world.site(*WITHOUT_POD, variables=variables).changed()
    assert len(done) == 1, done
    assert done[0].startswith("key of broken-off-debezium@")
    assert world.site(*WITHOUT_POD, variables=variables).recap["changed"] == 0


def test_a_role_in_somebodys_own_play_honours_the_connection_options(world: World, made: str) -> None:
    play = [
        {
            "hosts": "all",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "roles": [{"role": "cdc.gcp.pubsub"}],
        }
    ]
    path = world.folder / "own.yml"
    path.write_text(json.dumps(play))
    path.chmod(0o644)
    run = world.playbook(str(path), variables={"cdc_name": NAME})
    assert run.code == 0, run.output
    assert run.recap["changed"] == 0
    result = run.results["Provision the Pub/Sub part of the pipeline"]
    assert [one["name"] for one in result["resources"]] == [f"topic {NAME}.changes", f"topic {NAME}-heartbeat"]


def test_topics_and_network_may_be_another_projects(world: World) -> None:
    host = world.settings.host_project
    variables = {
        "cdc_name": "two-projects",
        "cdc_namespace": "two-projects",
        "cdc_pubsub_project": host,
        "cloudsql_private_network": f"projects/{host}/global/networks/shared",
    }
    world.site(variables=variables)
    topics = {f"projects/{host}/topics/two-projects.changes", f"projects/{host}/topics/two-projects-heartbeat"}
    root = f"http://{world.settings.pubsub_plain_endpoint}/v1"
    listed = {topic["name"] for topic in requests.get(f"{root}/projects/{host}/topics", timeout=10).json().get("topics", [])}
    assert topics <= listed
    member = f"serviceAccount:two-projects-debezium@{world.settings.project}.iam.gserviceaccount.com"
    for topic in topics:
        policy = requests.get(f"{root}/{topic}:getIamPolicy", timeout=10).json()
        assert all(member in binding["members"] for binding in policy["bindings"]), policy
    properties = world.kubectl("get", "secret", "two-projects-debezium-props", "--namespace=two-projects", "--output", "json")["data"]
    assert f"debezium.sink.pubsub.project.id={host}" in base64.b64decode(properties["application.properties"]).decode()
    assert world.site(variables=variables).recap["changed"] == 0
