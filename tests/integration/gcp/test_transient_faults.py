# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules under transient faults of Google's services: what passes is waited for, and nothing is made twice or lost."""

from __future__ import annotations

from ansible_collections.cdc.gcp.plugins.modules import iam_member, iam_service_account, pubsub_subscription, pubsub_topic

from .conftest import Cloud

CREATOR = "roles/iam.serviceAccountTokenCreator"


def test_a_module_acts_as_another_account(cloud: Cloud) -> None:
    deployer, owner = cloud.email("deployer"), f"serviceAccount:{cloud.email('owner')}"
    cloud.good(iam_service_account, account_id="deployer")
    acting = {"account_id": "made-by-another", "impersonate_service_account": deployer}
    refused = cloud.module(iam_service_account, **acting)
    assert refused["failed"]
    assert "iam.serviceAccounts.getAccessToken" in refused["msg"]
    cloud.good(iam_member, resource_type="service_account", resource=deployer, member=owner, roles=[CREATOR])
    roles = ["roles/iam.serviceAccountAdmin"]
    cloud.good(iam_member, resource_type="project", member=f"serviceAccount:{deployer}", roles=roles)
    cloud.control("DELETE", "requests")
    assert cloud.good(iam_service_account, **acting)["changed"]
    callers = {
        entry["caller"] for entry in cloud.control("GET", "requests")["requests"] if entry["method_id"].endswith("serviceAccounts.create")
    }
    assert callers == {deployer}


def test_a_fresh_account_that_flaps_is_made_once(cloud: Cloud) -> None:
    cloud.fault("account_flaps", options={"reads": 4})
    assert cloud.good(iam_service_account, account_id="flapping")["changed"]
    assert not cloud.good(iam_service_account, account_id="flapping")["changed"]


def test_an_account_whose_creations_answer_was_lost(cloud: Cloud) -> None:
    cloud.fault("connection_reset", method="iam.projects.serviceAccounts.create")
    cloud.good(iam_service_account, account_id="lost-answer")
    assert not cloud.good(iam_service_account, account_id="lost-answer")["changed"]


def test_a_member_is_added_though_others_write_and_the_account_is_fresh(cloud: Cloud) -> None:
    member = cloud.good(iam_service_account, account_id="fresh-member")["member"]
    cloud.fault("policy_aborted", count=2)
    cloud.fault("policy_account_unknown", count=2)
    wanted = {"resource_type": "project", "member": member, "roles": ["roles/browser"]}
    assert cloud.good(iam_member, **wanted)["changed"]
    assert not cloud.good(iam_member, **wanted)["changed"]


def test_errors_that_pass_are_waited_for(cloud: Cloud) -> None:
    cloud.fault("unavailable", options={"code": 429, "retry_after": 1})
    cloud.fault("unavailable", options={"code": 500})
    assert cloud.good(iam_service_account, account_id="patient")["changed"]


def test_a_topic_and_subscription_whose_reads_lag(cloud: Cloud) -> None:
    cloud.fault("reads_lag", pubsub=True, count=2, options={"reads": 3})
    assert cloud.good(pubsub_topic, name="lagging", labels={"team": "data"})["changed"]
    assert cloud.good(pubsub_subscription, name="lagging-sub", topic="lagging")["changed"]
    assert not cloud.good(pubsub_topic, name="lagging", labels={"team": "data"})["changed"]
    assert not cloud.good(pubsub_subscription, name="lagging-sub", topic="lagging")["changed"]


def test_a_topic_whose_creations_answer_was_lost(cloud: Cloud) -> None:
    cloud.fault("unavailable", pubsub=True, method="GetTopic")
    cloud.fault("answer_lost", pubsub=True, method="CreateTopic")
    cloud.good(pubsub_topic, name="lost-topic")
    assert not cloud.good(pubsub_topic, name="lost-topic")["changed"]


def test_a_topics_policy_with_a_deleted_account(cloud: Cloud) -> None:
    member = cloud.good(iam_service_account, account_id="comes-again")["member"]
    cloud.good(pubsub_topic, name="granted")
    wanted = {"resource_type": "topic", "resource": "granted", "member": member, "roles": ["roles/pubsub.publisher"]}
    assert cloud.good(iam_member, **wanted)["changed"]
    cloud.good(iam_service_account, account_id="comes-again", state="absent", allow_delete=True)
    cloud.good(iam_service_account, account_id="comes-again")
    assert cloud.good(iam_member, **wanted)["changed"], "the grant was the deleted account's"
    assert not cloud.good(iam_member, **wanted)["changed"]
