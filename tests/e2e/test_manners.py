# SPDX-License-Identifier: GPL-3.0-or-later
"""Manners of site.yml: bad input and dead endpoints are one clear sentence, strange passwords work, and no run prints a secret."""

from __future__ import annotations

import base64
import json
import time
import typing as t
from pathlib import Path
from urllib.parse import quote

import pytest

from .conftest import Run, Subscription, World, names

pytestmark = pytest.mark.timeout(600)

NAME = "manners-demo"
TOPIC = f"{NAME}.changes"
STRANGE = " lead:=#! pa$word pa$$word pa${X}y ${HOME} a\\b a\\$b a\\\\$$\\{b}\\ q'\"\\$${HOME} üß€ %41 `id` "
"""Every trap of debezium.md 12 in one password, with blanks at both ends."""
PASSWORDS = {
    "CDC_ADMIN_PASSWORD": f"{STRANGE}Zq7admin",
    "CDC_USER_PASSWORD": f"{STRANGE}Zq7user ",
    "CDC_REPLICATION_PASSWORD": f"{STRANGE}Zq7replication ",
}
NEXT_PASSWORDS = {**PASSWORDS, "CDC_REPLICATION_PASSWORD": f"\\${{X}} Zq7next {STRANGE}"}
MARKS = ("Zq7admin", "Zq7user", "Zq7replication", "Zq7next")
"""Part of each password that no kind of escaping changes and no line break splits."""
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


@pytest.fixture(scope="module")
def first(world: World) -> tuple[Run, Subscription]:
    """A pipeline with strange passwords, made with all that Ansible can print, and its changes from the start."""
    run = world.site("-vvv", "--diff", variables={"cdc_name": NAME}, passwords=PASSWORDS)
    with world.application(NAME, PASSWORDS["CDC_USER_PASSWORD"]) as connection:
        connection.execute("CREATE TABLE public.mytable (id serial PRIMARY KEY, name text NOT NULL)")
    world.site(variables={"cdc_name": NAME}, passwords=PASSWORDS)
    return run, Subscription(world, "e2e-manners", TOPIC)


def insert(world: World, name: str) -> None:
    with world.application(NAME, PASSWORDS["CDC_USER_PASSWORD"]) as connection:
        connection.execute("INSERT INTO public.mytable (name) VALUES (%s)", [name])


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"cloudsql_teir": "db-g1-small"}, "cloudsql_teir is no variable of role cloudsql; is cloudsql_tier meant?"),
        ({"pubsub_heartbaet_topic": "x-heartbeat"}, "is pubsub_heartbeat_topic meant?"),
        ({"cdc_tabels": ["public.other"]}, "cdc_tabels is no variable of the collection; is cdc_tables meant?"),
        ({"cloudsql_user_password": ""}, "cloudsql_user_password is empty."),
        ({"cloudsql_edition": "PLUS"}, "value of cloudsql_edition must be one of: ENTERPRISE, ENTERPRISE_PLUS, got: PLUS."),
        ({"cloudsql_tier": "db-n1-huge"}, "ENTERPRISE takes db-f1-micro, db-g1-small and db-custom-*"),
        ({"cdc_region": "europe-west99"}, "Invalid value for region: europe-west99."),
        ({"cdc_project": "nowhere-land"}, "check the project's name too."),
        ({"cdc_name": "Bad_Demo"}, "Instance name 'Bad_Demo-sql' must be lower-case letters, digits and hyphens"),
        ({"cdc_name": "a-name-of-25-characters-x"}, "has 34 characters; IAM takes 6 to 30"),
        ({"cdc_name": "a-name-of-25-characters-x"}, "Set iam_account_id, whose default is cdc_name with -debezium."),
        ({"pubsub_topic": "my topic"}, "'my topic' is no name that Pub/Sub takes"),
        ({"cdc_tables": ["mytable"]}, "Table 'mytable' is not schema.table"),
        ({"debezium_k8s_properties": {"debezium.source.slot.name": "x"}}, "debezium.source.slot.name cannot be overridden"),
        ({"debezium_k8s_trust_store_file": "/nowhere"}, "/nowhere is no file on the controller."),
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


def test_a_cluster_that_does_not_answer_ends_the_run_in_ten_seconds(world: World) -> None:
    before, started = everything(world), time.monotonic()
    run = world.playbook("site.yml", variables={"cdc_name": "bad-demo", "cdc_kubernetes_options": {"host": DEAD, "api_key": "none"}})
    assert time.monotonic() - started < 10 + 15
    assert "no answer from http://127.0.0.1:9" in said(run)
    assert everything(world) == before


def test_strange_passwords_work_from_the_inventory_to_the_running_pod(world: World, first: tuple[Run, Subscription]) -> None:
    insert(world, "with strange passwords")
    first[1].wait(lambda events: "with strange passwords" in names(events))


def test_a_new_replication_password_reaches_role_secret_and_pod_in_one_run(world: World, first: tuple[Run, Subscription]) -> None:
    run = world.site("-vvv", "--diff", variables={"cdc_name": NAME}, passwords=NEXT_PASSWORDS)
    assert run.changed_tasks() == [
        "cdc.gcp.cloudsql : Replication user",
        "cdc.gcp.debezium_k8s : Secret with the database's user and server CA",
        "cdc.gcp.debezium_k8s : Debezium Server",
    ]
    insert(world, "with the next password")
    first[1].wait(lambda events: "with the next password" in names(events))


def test_a_table_without_a_key_is_refused_before_anything_is_changed(world: World, first: tuple[Run, Subscription]) -> None:
    with world.application(NAME, PASSWORDS["CDC_USER_PASSWORD"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.keyless (name text)")
    before = everything(world)
    variables = {"cdc_name": NAME, "cdc_tables": ["public.mytable", "public.keyless"], "cloudsql_labels": {"team": "data"}}
    run = world.playbook("site.yml", variables=variables, passwords=NEXT_PASSWORDS)
    assert run.code != 0
    assert "No primary key and no replica identity: keyless." in said(run).replace("public.keyless", "keyless")
    assert run.recap["changed"] == 0
    assert everything(world) == before


def test_a_table_that_is_not_there_is_named_and_the_rest_goes_on(world: World, first: tuple[Run, Subscription]) -> None:
    variables = {"cdc_name": NAME, "cdc_tables": ["public.mytable", "public.nowhere"]}
    run = world.site("--check", variables=variables, passwords=NEXT_PASSWORDS)
    assert "There is no table public.nowhere yet; the next run after it was made adds it to publication dbz_publication." in said(run)


def test_no_run_prints_a_secret_however_much_it_prints(world: World, first: tuple[Run, Subscription]) -> None:
    """Applied, unchanged, in check mode with diff, and verify.yml, all with -vvv; a failing pod and a failed log-in as well."""
    variables = {"cdc_name": NAME}
    runs = [first[0], world.site("-vvv", "--diff", variables=variables, passwords=NEXT_PASSWORDS)]
    assert runs[-1].recap["changed"] == 0
    changed = {**variables, "cloudsql_labels": {"team": "data"}}
    runs.append(world.site("-vvv", "--check", "--diff", variables=changed, passwords={**NEXT_PASSWORDS, **PASSWORDS}))
    runs.append(
        world.playbook("verify.yml", "-vvv", "--diff", variables={**variables, "verify_row": {"name": "row"}}, passwords=NEXT_PASSWORDS)
    )
    assert runs[-1].code == 0, runs[-1].output[-3000:]
    failing = {"debezium_k8s_properties": {"debezium.source.database.user": "nobody"}, "debezium_k8s_wait_timeout": 45}
    runs.append(world.playbook("site.yml", "-vvv", variables={**variables, **failing}, passwords=NEXT_PASSWORDS))
    assert runs[-1].code != 0, "a pod that cannot log in, whose log is printed"
    wrong = {**NEXT_PASSWORDS, "CDC_USER_PASSWORD": f"Zq7user{STRANGE}"}
    runs.append(world.playbook("site.yml", "-vvv", variables=variables, passwords=wrong))
    assert runs[-1].code != 0, "a wrong password of the application's user"
    printed = "\n".join(world.outputs)
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in printed, "-vvv prints the arguments of each module"
    assert [form for form in secrets(world) if form in printed] == []


def secrets(world: World) -> list[str]:
    """What must never be printed, in every form in which it could be."""
    stored = world.kubectl("get", "secret", f"{NAME}-debezium-sa", "--namespace", "debezium", "--output", "json")["data"]
    keys = [json.loads(base64.b64decode(next(iter(stored.values())))), json.loads(Path(world.settings.owner_key).read_text())]
    lines = [line for key in keys for line in key["private_key"].splitlines() if len(line) > 20]
    plain = [*PASSWORDS.values(), *NEXT_PASSWORDS.values(), "changeit"]
    escaped = [password.replace("$", "\\$") for password in plain]
    forms = [*MARKS, *lines, *stored.values(), "PRIVATE KEY", "ya29.", "changeit"]
    for value in [*plain, *escaped]:
        forms += [value.strip(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], quote(value)]
        forms.append(base64.b64encode(value.encode()).decode())
    return forms
