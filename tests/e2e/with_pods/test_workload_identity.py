# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline without a key: made so, as a Google service account; changed to a key; then the key is given up for the pod's own identity."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..world import Subscription, World, names, until

pytestmark = pytest.mark.timeout(600)

NAME = "keyless-demo"
TOPIC = f"{NAME}.changes"
ACCOUNT = f"{NAME}-debezium@demo-project.iam.gserviceaccount.com"
KEY_SECRET = f"{NAME}-debezium-sa"
DEPLOYMENT = f"Deployment debezium/{NAME}-debezium"
POOL = "demo-project.svc.id.goog"
PRINCIPAL = f"principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/{POOL}/subject/ns/debezium/sa/{NAME}-debezium"
KEY = {"cdc_name": NAME}
DIRECT = {"cdc_name": NAME, "cdc_identity": "workload_identity"}
IMPERSONATION = {"cdc_name": NAME, "cdc_identity": "workload_identity_impersonation"}


@pytest.fixture(scope="module")
def changes(world: World, stops_at_the_end: Callable[[str], None]) -> Subscription:
    """Every event of the pipeline, which is made here, from nothing and without a key."""
    stops_at_the_end(NAME)
    world.site(variables=IMPERSONATION)
    world.create_table(NAME)
    world.site(variables=IMPERSONATION)
    return Subscription(world, "e2e-keyless", TOPIC)


def has_key(world: World) -> bool:
    """Whether the pod has anything of a key."""
    (server,) = world.pod(NAME)["spec"]["containers"]
    variables = {variable["name"] for variable in server["env"]}
    secrets = {volume.get("secret", {}).get("secretName") for volume in world.pod(NAME)["spec"]["volumes"]}
    assert ("GOOGLE_APPLICATION_CREDENTIALS" in variables) == (KEY_SECRET in secrets)
    return KEY_SECRET in secrets


def key_secret_exists(world: World) -> bool:
    secrets = world.kubectl("get", "secrets", "--namespace", "debezium", "--output", "json")["items"]
    return KEY_SECRET in {secret["metadata"]["name"] for secret in secrets}


def keys(world: World) -> list[str]:
    """Names of the account's user-managed keys."""
    url = f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts/{ACCOUNT}/keys"
    return [key["name"] for key in world.google().get(url, params={"keyTypes": "USER_MANAGED"}).json().get("keys", [])]


def last_publisher(world: World) -> str:
    """Who published last on the pipeline's topic, as policies name him."""
    log = [entry for entry in world.pubsub_log() if entry["method"].endswith("/Publish") and entry["resource"].endswith(TOPIC)]
    return str(log[-1]["member"])


def test_check_mode_on_an_empty_project_says_who_would_get_what(world: World) -> None:
    run = world.site("--check", "--diff", variables={**IMPERSONATION, "cdc_name": "keyless-new"})
    kinds = [one["kind"] for one in run.results["Provision the pipeline"]["resources"]]
    assert "iam_service_account_key_secret" not in kinds
    assert f"serviceAccount:{POOL}[debezium/keyless-new-debezium]" in run.output


def test_a_new_pipeline_publishes_as_a_google_service_account_that_has_no_key(world: World, changes: Subscription) -> None:
    world.insert(NAME, "as the account")
    changes.wait(lambda events: "as the account" in names(events))
    assert last_publisher(world) == f"serviceAccount:{ACCOUNT}"
    assert (has_key(world), key_secret_exists(world), keys(world)) == (False, False, [])


def test_without_permission_to_impersonate_the_pod_gets_no_token_and_the_next_run_puts_it_back(world: World, changes: Subscription) -> None:
    url = f"{world.settings.google_endpoint}/v1/projects/{world.settings.project}/serviceAccounts/{ACCOUNT}"
    policy = world.google().post(f"{url}:getIamPolicy").json()
    member = f"serviceAccount:{POOL}[debezium/{NAME}-debezium]"
    assert policy.pop("bindings") == [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]
    assert world.google().post(f"{url}:setIamPolicy", json={"policy": policy}).ok
    # A token lives for an hour; a new pod has none.
    world.kubectl("delete", "pod", world.pod(NAME)["metadata"]["name"], "--namespace", "debezium")
    world.insert(NAME, "no token")

    def refused() -> bool:
        lines = (world.settings.logs / "metadata.log").read_text().splitlines()
        return any(f"debezium/{NAME}-debezium" in line and "IAM returned 403 Forbidden" in line for line in lines)

    until(refused, 90, "the metadata server gives no token")
    assert "no token" not in names(changes.pull())
    assert world.site(variables=IMPERSONATION).changed() == [f"roles of {member} on service account {ACCOUNT}"]
    changes.wait(lambda events: "no token" in names(events), 300)


def test_the_live_pipeline_gets_a_key(world: World, changes: Subscription) -> None:
    assert world.site(variables=KEY).changed() == [
        f"key of {ACCOUNT} in Secret debezium/{KEY_SECRET}",
        f"ServiceAccount debezium/{NAME}-debezium",
        DEPLOYMENT,
    ]
    world.insert(NAME, "with a key")
    changes.wait(lambda events: "with a key" in names(events))
    assert has_key(world)


def test_the_live_pipeline_gives_its_key_up_by_the_roles_option_alone(world: World, changes: Subscription) -> None:
    before = keys(world)
    run = world.site(variables=DIRECT)
    grants = [f"roles of {PRINCIPAL} on topic {topic}" for topic in (TOPIC, f"{NAME}-heartbeat")]
    assert run.changed() == [*grants, DEPLOYMENT]
    world.insert(NAME, "as the pod itself")
    changes.wait(lambda events: "as the pod itself" in names(events))
    assert last_publisher(world) == PRINCIPAL
    assert not has_key(world)
    assert (key_secret_exists(world), keys(world)) == (True, before), "what may have other users is left"


def test_without_the_principals_binding_the_pod_is_refused_and_the_next_run_puts_it_back(world: World, changes: Subscription) -> None:
    policy = world.pubsub("GET", f"topics/{TOPIC}:getIamPolicy").json()
    for binding in policy["bindings"]:
        binding["members"] = [member for member in binding["members"] if member != PRINCIPAL]
    assert world.pubsub("POST", f"topics/{TOPIC}:setIamPolicy", json={"policy": policy}).ok
    world.insert(NAME, "refused")

    def refused() -> bool:
        return any(entry["code"] == "PERMISSION_DENIED" and entry["member"] == PRINCIPAL for entry in world.pubsub_log())

    until(refused, 90, "the principal is refused with PERMISSION_DENIED")
    assert "refused" not in names(changes.pull())
    assert world.site(variables=DIRECT).changed() == [f"roles of {PRINCIPAL} on topic {TOPIC}"]
    changes.wait(lambda events: "refused" in names(events), 300)
