# SPDX-License-Identifier: GPL-3.0-or-later
"""Manners of site.yml: bad input and dead endpoints are one clear sentence, said before anything is changed."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ..world import Run, World

pytestmark = pytest.mark.timeout(300)

DEAD = "http://127.0.0.1:9/"
"""Nobody listens on the port "discard"."""


def said(run: Run) -> str:
    """What a run printed, without line breaks: long sentences are folded."""
    return " ".join(run.output.split())


def everything(world: World) -> dict[str, t.Any]:
    """What exists on all four servers."""
    root = f"{world.settings.google_endpoint}"
    project = world.settings.project
    instances = world.google().get(f"{root}/sql/v1beta4/projects/{project}/instances").json().get("items", [])
    return {
        "instances": [(item["name"], item["settings"]["settingsVersion"]) for item in instances],
        "accounts": sorted(
            item["email"] for item in world.google().get(f"{root}/v1/projects/{project}/serviceAccounts").json()["accounts"]
        ),
        "topics": world.pubsub("GET", "topics").json(),
        "namespaces": world.kubectl("get", "namespaces", "--output", "name"),
        "secrets": world.kubectl("get", "secrets", "--all-namespaces", "--output", "name"),
    }


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"cloudsql_teir": "db-g1-small"}, "The collection has no variable cloudsql_teir; did you mean cloudsql_tier?"),
        ({"cdc_heartbaet_topic": "x-heartbeat"}, "did you mean cdc_heartbeat_topic?"),
        ({"cdc_tabels": ["public.other"]}, "The collection has no variable cdc_tabels; did you mean cdc_tables?"),
        ({"cloudsql_user_password": ""}, "cloudsql_user_password is empty."),
        ({"cloudsql_edition": "PLUS"}, "cloudsql_edition must be one of ENTERPRISE, ENTERPRISE_PLUS, not 'PLUS'."),
        ({"cloudsql_tier": "db-n1-huge"}, "ENTERPRISE takes db-f1-micro, db-g1-small and db-custom-*"),
        ({"cdc_region": "europe-west99"}, "Invalid value for region: europe-west99."),
        ({"cdc_project": "nowhere-land"}, "check the project's name too."),
        ({"cdc_name": "Bad_Demo"}, "cdc_name 'Bad_Demo' must be at most 50 lower-case letters, digits and hyphens"),
        ({"cdc_name": "a-name-of-25-characters-x"}, "has 34 characters; IAM takes 6 to 30"),
        ({"cdc_topic": "my topic"}, "cdc_topic 'my topic' is not a Pub/Sub topic id"),
        ({"cdc_tables": ["mytable"]}, "Table 'mytable' is not schema.table"),
        ({"debezium_k8s_properties": {"debezium.source.slot.name": "x"}}, "debezium.source.slot.name cannot be set to 'x'"),
        ({"debezium_k8s_trust_store_file": "/nowhere"}, "debezium_k8s_trust_store_file /nowhere cannot be read on the controller"),
        ({"cdc_kubernetes_options": {"kubeconfig": "/nowhere"}}, "kubeconfig /nowhere is not a file."),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_changed(world: World, variables: dict[str, t.Any], sentence: str) -> None:
    before = everything(world)
    run = world.playbook("site.yml", variables={"cdc_name": "bad-demo", **variables})
    assert run.code != 0
    assert sentence in said(run)
    assert run.recap["changed"] == 0
    assert "Traceback" not in run.output
    assert everything(world) == before


def test_a_misspelt_variable_of_verify_is_one_sentence_and_nothing_is_waited_for(world: World) -> None:
    run = world.playbook("verify.yml", variables={"verify_rwo": {"name": "hello"}})
    assert run.code != 0
    assert "The collection has no variable verify_rwo; did you mean verify_row?" in said(run)


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [("sql_endpoint", "Check the network and sql_endpoint."), ("iam_endpoint", "iam_endpoint."), ("pubsub_endpoint", "pubsub_endpoint.")],
)
def test_a_google_endpoint_that_does_not_answer_ends_the_run_in_time(world: World, endpoint: str, sentence: str) -> None:
    google = f"{world.settings.google_endpoint}/"
    options = dict.fromkeys(("sql_endpoint", "iam_endpoint", "resource_manager_endpoint", "service_networking_endpoint"), google)
    options["pubsub_endpoint"] = f"http://{world.settings.pubsub_plain_endpoint}/"
    before, started = everything(world), time.monotonic()
    run = world.playbook("site.yml", variables={"cdc_name": "bad-demo", "cdc_gcp_options": {**options, endpoint: DEAD, "retry_timeout": 4}})
    assert time.monotonic() - started < 4 + 15, "retry_timeout, and what the rest of the run needs on a busy machine"
    assert run.code != 0
    assert "no answer from" in said(run)
    assert sentence in said(run)
    assert everything(world) == before


def test_a_token_server_that_does_not_answer_is_one_sentence(world: World) -> None:
    key = json.loads(world.settings.owner_key.read_text()) | {"token_uri": f"{DEAD}token"}
    path = world.folder / "dead-token-server.json"
    path.write_text(json.dumps(key))
    path.chmod(0o644)
    google = f"{world.settings.google_endpoint}/"
    options = dict.fromkeys(("sql_endpoint", "iam_endpoint", "resource_manager_endpoint", "service_networking_endpoint"), google)
    log_in = {**options, "auth_kind": "serviceaccount", "service_account_file": str(path), "retry_timeout": 4}
    before = everything(world)
    run = world.playbook("site.yml", variables={"cdc_name": "bad-demo", "cdc_gcp_options": log_in})
    assert run.results["Provision the pipeline"]["msg"] == (
        f"Logging in: cannot log in to Google Cloud: no answer from {DEAD}token (Connection refused)."
        " Check the network, and token_uri in the credentials."
    )
    assert everything(world) == before


def test_a_cluster_that_does_not_answer_ends_the_run_in_ten_seconds(world: World) -> None:
    before, started = everything(world), time.monotonic()
    run = world.playbook("site.yml", variables={"cdc_name": "bad-demo", "cdc_kubernetes_options": {"host": DEAD, "api_key": "none"}})
    assert time.monotonic() - started < 10 + 15
    assert "no answer from http://127.0.0.1:9" in said(run)
    assert everything(world) == before


def test_a_table_without_a_key_is_refused_before_anything_is_changed(world: World, site_made: str) -> None:
    with world.application(site_made) as connection:
        connection.execute("CREATE TABLE public.keyless (name text)")
    before = everything(world)
    variables = {"cdc_name": site_made, "cdc_tables": ["public.keyless"], "cloudsql_labels": {"team": "other"}}
    run = world.playbook("site.yml", variables=variables)
    assert run.code != 0
    assert "No primary key and no replica identity: public.keyless." in said(run)
    assert run.recap["changed"] == 0
    assert everything(world) == before


def test_a_table_that_is_not_there_is_named_and_the_rest_goes_on(world: World, site_made: str) -> None:
    run = world.site("--check", variables={"cdc_name": site_made, "cdc_tables": ["public.nowhere"]})
    pending = "Table public.nowhere does not exist yet; run again after creating it."
    assert pending in said(run)
