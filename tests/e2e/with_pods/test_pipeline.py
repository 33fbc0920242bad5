# SPDX-License-Identifier: GPL-3.0-or-later
"""One pipeline from nothing to events, told in order: each test goes on where the one before it ended."""

from __future__ import annotations

import threading

import psycopg
import pytest

from ..world import IN_SQL, NAME, PASSWORDS, Subscription, World, names, until

pytestmark = pytest.mark.timeout(900)

TOPIC = f"{NAME}.changes"
ACCOUNT = f"{NAME}-debezium@demo-project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def changes(world: World) -> Subscription:
    """Every event of the pipeline, from the moment on at which its topic exists."""
    return Subscription(world, "e2e-changes", TOPIC)


PROPERTIES_SECRET = f"Secret debezium/{NAME}-debezium-props"
DEPLOYMENT = f"Deployment debezium/{NAME}-debezium"

ONE_LOOK = (
    "token",
    "sql.instances.get",
    "sql.databases.get",
    "sql.users.list",
    "iam.projects.serviceAccounts.get",
    "iam.projects.serviceAccounts.keys.list",
)
"""What an unchanged run asks of the stand-in; topics and their policies are Pub/Sub's."""


def insert(connection: psycopg.Connection, *values: str) -> None:
    for value in values:
        connection.execute("INSERT INTO public.mytable (name) VALUES (%s)", [value])


def test_check_mode_on_an_empty_project_says_everything_and_changes_nothing(world: World) -> None:
    world.control("requests", "DELETE")
    run = world.site("--check", "--diff")
    unchanged = {one["kind"] for one in run.results["Provision the pipeline"]["resources"] if one["action"] == "none"}
    assert (len(run.changed()), unchanged) == (20, {"cloudsql_flags"}), run.changed()
    assert "20 to create" not in run.output, "a grant is an update of its topic's policy"
    assert f"  + instance {NAME}-sql" in run.output
    assert "Pending: table public.mytable does not exist yet" in run.output
    assert "cloudsql.logical_decoding" in run.output
    assert world.writes() == []
    assert world.pubsub("GET", "topics").json().get("topics", []) == []
    assert "debezium" not in world.namespaces()


def test_the_first_run_makes_everything_and_names_the_table_that_is_not_there_yet(world: World) -> None:
    run = world.site()
    assert "public.mytable" in run.output
    (pod,) = world.pods()
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])
    spec = pod["spec"]["containers"][0]
    assert spec["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["spec"]["securityContext"]["runAsUser"] == 185


def test_the_next_run_adds_the_table_that_the_application_has_made(world: World) -> None:
    world.create_table()
    run = world.site()
    assert run.changed() == [
        f"replication user {IN_SQL}",
        "record of captured tables",
        DEPLOYMENT,
        f"tables that join publication {IN_SQL}",
    ], "the pod is replaced before the table is published, because it reads the tables' structure when it starts"


def test_a_row_arrives_as_an_event_published_with_the_key_of_the_secret(world: World, changes: Subscription) -> None:
    with world.application() as connection:
        insert(connection, "first")
    changes.wait(lambda events: "first" in names(events))
    (event,) = [event for event in changes.events if event["after"]["name"] == "first"]
    assert (event["op"], event["source"]["table"], event["source"]["name"]) == ("c", "mytable", NAME)
    log = world.pubsub_log()
    publishers = {entry["member"] for entry in log if entry["method"].endswith("/Publish") and entry["resource"].endswith(TOPIC)}
    assert publishers == {f"serviceAccount:{ACCOUNT}"}


def test_a_second_run_changes_nothing(world: World) -> None:
    (before,) = world.pods()
    world.control("requests", "DELETE")
    run = world.site()
    assert run.recap["changed"] == 0, run.changed()
    assert world.writes() == []
    log = [str(entry["method_id"]) for entry in world.control("requests")["requests"]]
    assert sorted(log) == sorted(ONE_LOOK), "one request for each resource, and one token for all"
    (after,) = world.pods()
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_check_mode_on_the_live_project_shows_a_wanted_change_and_makes_none(world: World) -> None:
    assert world.site("--check", "--diff").recap["changed"] == 0
    world.control("requests", "DELETE")
    run = world.site(
        "--check",
        "--diff",
        variables={"cloudsql_labels": {"team": "data"}, "debezium_k8s_properties": {"debezium.source.poll.interval.ms": "60"}},
    )
    assert run.changed() == [f"instance {NAME}-sql", PROPERTIES_SECRET, DEPLOYMENT]
    changed = {one["name"]: one["changed_fields"] for one in run.results["Provision the pipeline"]["resources"]}
    assert changed[f"instance {NAME}-sql"] == ["labels.team"]
    assert changed[PROPERTIES_SECRET] == ["data.application.properties.debezium.source.poll.interval.ms"]
    assert "debezium.source.poll.interval.ms" in run.output
    assert "team: data" in run.output or '"team": "data"' in run.output
    assert world.writes() == []


@pytest.mark.parametrize("variables", [{"cdc_slot_name": "other"}, {"cdc_offset_table": "other"}])
def test_another_place_in_the_stream_is_refused_before_anything_is_changed(world: World, variables: dict[str, str]) -> None:
    """Debezium would take a new snapshot, and never tell of what was deleted in between."""
    world.control("requests", "DELETE")
    run = world.playbook("site.yml", variables=variables)
    assert (run.code != 0, run.recap["changed"], world.writes()) == (True, 0, [])
    assert f"The pipeline {NAME} exists, and its" in run.output
    assert "would become" in run.output
    meant = world.site("--check", variables={**variables, "cdc_recovery": "resnapshot"})
    assert DEPLOYMENT in meant.changed()


def test_a_changed_property_rolls_the_pod_and_an_unchanged_run_does_not(world: World, changes: Subscription) -> None:
    (before,) = world.pods()
    variables = {"debezium_k8s_properties": {"debezium.source.poll.interval.ms": "60"}}
    run = world.site(variables=variables)
    assert run.changed() == [PROPERTIES_SECRET, DEPLOYMENT]
    (after,) = world.pods()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert world.site(variables=variables).recap["changed"] == 0
    (later,) = world.pods()
    assert later["metadata"]["uid"] == after["metadata"]["uid"]
    with world.application() as connection:
        insert(connection, "after the rollout")
    changes.wait(lambda events: "after the rollout" in names(events))
    assert world.site().changed() == [PROPERTIES_SECRET, DEPLOYMENT], "back to the defaults, which the tests that follow expect"


def test_a_pod_killed_under_write_load_loses_no_event(world: World, changes: Subscription) -> None:
    wanted = {f"load-{number}" for number in range(1000)}
    killed = threading.Event()

    def write() -> None:
        with world.application() as connection:
            for number in range(1000):
                insert(connection, f"load-{number}")
                if number == 300:
                    killed.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert killed.wait(60)
    (pod,) = world.pods()
    world.kubectl("delete", "pod", pod["metadata"]["name"], "--namespace", "debezium", "--force", "--grace-period=0")
    writer.join(120)
    changes.wait(lambda events: wanted <= names(events), 240)
    assert wanted <= names(changes.events)


def test_without_the_binding_the_pod_is_refused_and_the_next_run_puts_it_back(world: World, changes: Subscription) -> None:
    resource = f"topics/{TOPIC}"
    policy = world.pubsub("GET", f"{resource}:getIamPolicy").json()
    policy["bindings"] = [binding for binding in policy["bindings"] if binding["role"] != "roles/pubsub.publisher"]
    assert world.pubsub("POST", f"{resource}:setIamPolicy", json={"policy": policy}).ok
    with world.application() as connection:
        insert(connection, "waiting")

    def refused() -> bool:
        return any(entry["code"] == "PERMISSION_DENIED" and entry["resource"].endswith(TOPIC) for entry in world.pubsub_log())

    until(refused, 90, "the publisher is refused with PERMISSION_DENIED")
    assert "waiting" not in names(changes.pull())
    run = world.site()
    assert run.changed() == [f"roles of serviceAccount:{ACCOUNT} on topic {TOPIC}"]
    changes.wait(lambda events: "waiting" in names(events), 300)


def test_a_key_that_was_deleted_is_replaced_and_the_pod_gets_the_new_one(world: World, changes: Subscription) -> None:
    keys = f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts/{ACCOUNT}/keys"
    (key,) = world.google().get(keys, params={"keyTypes": "USER_MANAGED"}).json()["keys"]
    assert world.google().delete(f"{world.settings.google_endpoint}/v1/{key['name']}").ok
    run = world.site()
    assert run.changed() == [f"key of {ACCOUNT} in Secret debezium/{NAME}-debezium-sa", DEPLOYMENT]
    with world.application() as connection:
        insert(connection, "with the new key")
    changes.wait(lambda events: "with the new key" in names(events))


def test_verify_shows_an_event_and_leaves_nothing_behind(world: World) -> None:
    before = world.pubsub("GET", "subscriptions").json()
    with world.application() as connection:
        rows = connection.execute("SELECT count(*) FROM public.mytable").fetchone()
    run = world.playbook("verify.yml", variables={"verify_table": "public.mytable", "verify_row": {"name": "verify me"}})
    assert run.code == 0, run.output
    assert "verify me" in run.output
    assert world.pubsub("GET", "subscriptions").json() == before
    with world.application() as connection:
        assert connection.execute("SELECT count(*) FROM public.mytable").fetchone() == rows


def test_no_run_printed_a_secret(world: World) -> None:
    everything = "\n".join(world.outputs)
    for secret in PASSWORDS.values():
        assert secret not in everything
    assert "PRIVATE KEY" not in everything


def test_every_request_and_answer_fitted_googles_documents(world: World) -> None:
    found = world.control("violations")
    assert found["requests"] == []
    assert found["answers"] == []
