# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_member: each request of a run on every kind of resource, lost races, and what others granted."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils import _iam
from ansible_collections.cdc.gcp.plugins.modules import iam_member
from grpc import StatusCode

MEMBER = "serviceAccount:debezium@demo.iam.gserviceaccount.com"
PROJECT = "https://cloudresourcemanager.googleapis.com/v3/projects/demo"
READ = {"options": {"requestedPolicyVersion": 3}}
ACCOUNT = "https://iam.googleapis.com/v1/projects/demo/serviceAccounts/debezium@demo.iam.gserviceaccount.com"
TOPIC = "projects/demo/topics/shop"
OTHERS = {
    "etag": "BwE=",
    "version": 3,
    "bindings": [
        {"role": "roles/owner", "members": ["user:ann@example.com"]},
        {"role": "roles/viewer", "members": [MEMBER], "condition": {"title": "t", "expression": "true"}},
    ],
}
GRANTED = {**OTHERS, "bindings": [*OTHERS["bindings"], {"role": "roles/viewer", "members": [MEMBER]}]}


@pytest.fixture
def member(rest: t.Any, run_module: t.Any, clock: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., dict[str, t.Any]]:
    """Run the module for the member debezium of project demo and roles/viewer of the project."""
    monkeypatch.setattr(_iam.member, "Clock", lambda: clock)

    def run(**options: t.Any) -> dict[str, t.Any]:
        given = {"project": "demo", "resource_type": "project", "member": MEMBER, "roles": ["roles/viewer"], **options}
        return run_module(iam_member, **given)

    return run


def project_reads(session: t.Any, *policies: dict[str, t.Any]) -> None:
    for policy in policies:
        session.expect("POST", f"{PROJECT}:getIamPolicy", body=READ, answer=policy)


def project_set(session: t.Any, policy: dict[str, t.Any], **rest: t.Any) -> None:
    session.expect("POST", f"{PROJECT}:setIamPolicy", body={"policy": policy, "updateMask": "bindings,etag"}, **rest)


def test_a_grant_leaves_the_rest_of_the_policy_and_conditional_grants_alone(rest: t.Any, member: t.Any) -> None:
    project_reads(rest, OTHERS, OTHERS)
    project_set(rest, GRANTED)
    project_reads(rest, GRANTED)
    result = member()
    assert result["actions"] == [f"grant roles/viewer on project demo to {MEMBER}"]
    assert (result["resource"], result["roles"]) == ("projects/demo", ["roles/viewer"])
    assert (result["diff"]["before"], result["diff"]["after"]) == ({"roles": []}, {"roles": ["roles/viewer"]})


def test_all_missing_roles_go_into_one_write(rest: t.Any, member: t.Any) -> None:
    wanted = {"etag": "A", "version": 3, "bindings": [{"role": f"roles/{name}", "members": [MEMBER]} for name in ("a", "b")]}
    project_reads(rest, {"etag": "A"}, {"etag": "A"})
    project_set(rest, wanted)
    project_reads(rest, wanted)
    assert member(roles=["roles/a", "roles/b", "roles/a"])["roles"] == ["roles/a", "roles/b"]


def test_a_second_run_writes_nothing(rest: t.Any, member: t.Any) -> None:
    project_reads(rest, GRANTED)
    assert member(member=MEMBER.replace("debezium", "Debezium"))["changed"] is False


def test_nothing_is_written_when_somebody_else_granted_it_in_between(rest: t.Any, member: t.Any) -> None:
    project_reads(rest, OTHERS, GRANTED, GRANTED)
    assert member()["roles"] == ["roles/viewer"]


@pytest.mark.parametrize(("status", "word"), [(409, "ABORTED"), (412, "FAILED_PRECONDITION")])
def test_a_lost_race_reads_again(rest: t.Any, member: t.Any, status: int, word: str) -> None:
    newer = {**OTHERS, "etag": "BwI=", "bindings": [*OTHERS["bindings"], {"role": "roles/editor", "members": ["user:eve@example.com"]}]}
    wanted = {**newer, "bindings": [*newer["bindings"], {"role": "roles/viewer", "members": [MEMBER]}]}
    project_reads(rest, OTHERS, OTHERS)
    project_set(rest, GRANTED, status=status, answer={"error": {"code": status, "message": "There were concurrent…", "status": word}})
    project_reads(rest, newer)
    project_set(rest, wanted)
    project_reads(rest, wanted)
    assert member()["changed"] is True


UNKNOWN = {"code": 400, "message": "Service account debezium@demo.iam.gserviceaccount.com does not exist.", "status": "INVALID_ARGUMENT"}


def test_a_fresh_account_is_tried_again(rest: t.Any, member: t.Any) -> None:
    project_reads(rest, OTHERS, OTHERS)
    project_set(rest, GRANTED, status=400, answer={"error": UNKNOWN})
    project_reads(rest, OTHERS)
    project_set(rest, GRANTED)
    project_reads(rest, GRANTED)
    assert member()["changed"] is True


def test_a_misspelt_account_ends_with_a_hint(rest: t.Any, member: t.Any, clock: t.Any) -> None:
    project_reads(rest, OTHERS)
    for _ in range(30):
        project_reads(rest, OTHERS)
        project_set(rest, GRANTED, status=400, answer={"error": UNKNOWN})
    assert f"Check the spelling of {MEMBER}" in member(retry_timeout=60)["msg"]
    assert clock.time <= 60
    rest.expected.clear()


def test_revoking_takes_only_the_named_role_under_the_named_condition(rest: t.Any, member: t.Any) -> None:
    condition = {"title": "t", "expression": "true"}
    left = {**GRANTED, "bindings": [GRANTED["bindings"][0], GRANTED["bindings"][2]]}
    project_reads(rest, GRANTED, GRANTED)
    project_set(rest, left)
    project_reads(rest, left)
    result = member(state="absent", condition=condition)
    assert (result["actions"], result["condition"]) == ([f"revoke roles/viewer on project demo from {MEMBER}"], condition)
    project_reads(rest, left)
    assert member(state="absent", roles=["roles/editor"])["changed"] is False


def test_a_conditional_grant_is_made_beside_the_unconditional_one(rest: t.Any, member: t.Any) -> None:
    condition = {"title": "other", "expression": "true", "description": "d"}
    wanted = {**GRANTED, "bindings": [*GRANTED["bindings"], {"role": "roles/viewer", "members": [MEMBER], "condition": condition}]}
    project_reads(rest, GRANTED, GRANTED)
    project_set(rest, wanted)
    project_reads(rest, wanted)
    assert member(condition=condition)["changed"] is True


def test_a_service_account_is_a_resource_too(rest: t.Any, member: t.Any) -> None:
    kubernetes = "serviceAccount:demo.svc.id.goog[debezium/shop]"
    wanted = {"etag": "A", "version": 3, "bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [kubernetes]}]}
    for _ in range(2):
        rest.expect("POST", f"{ACCOUNT}:getIamPolicy", query={"options.requestedPolicyVersion": 3}, answer={"etag": "A"})
    rest.expect("POST", f"{ACCOUNT}:setIamPolicy", body={"policy": wanted, "updateMask": "bindings,etag"})
    rest.expect("POST", f"{ACCOUNT}:getIamPolicy", query={"options.requestedPolicyVersion": 3}, answer=wanted)
    result = member(
        resource_type="service_account",
        resource="debezium@demo.iam.gserviceaccount.com",
        member=kubernetes,
        roles=["roles/iam.workloadIdentityUser"],
    )
    assert result["changed"] is True


@pytest.mark.parametrize(("kind", "name"), [("topic", TOPIC), ("subscription", "projects/demo/subscriptions/shop")])
def test_a_topic_and_a_subscription_over_grpc(pubsub: t.Any, member: t.Any, kind: str, name: str) -> None:
    read = ("GetIamPolicy", {"resource": name, "options": {"requestedPolicyVersion": 3}})
    write = ("SetIamPolicy", {"resource": name, "policy": GRANTED})
    pubsub.expect(*read, OTHERS).expect(*read, OTHERS).expect(*write, status=StatusCode.ABORTED, text="concurrent policy changes")
    pubsub.expect(*read, OTHERS).expect(*write, GRANTED).expect(*read, GRANTED)
    result = member(resource_type=kind, resource="shop", pubsub_endpoint=f"http://{pubsub.address}")
    assert (result["resource"], result["roles"]) == (name, ["roles/viewer"])


def test_check_mode_before_the_topic_exists_plans_the_grant(pubsub: t.Any, member: t.Any) -> None:
    read = ("GetIamPolicy", {"resource": TOPIC, "options": {"requestedPolicyVersion": 3}})
    options = {"resource_type": "topic", "resource": "shop", "pubsub_endpoint": f"http://{pubsub.address}"}
    pubsub.expect(*read, status=StatusCode.NOT_FOUND)
    assert member(check=True, **options)["actions"] == [f"grant roles/viewer on topic shop to {MEMBER}"]
    pubsub.expect(*read, status=StatusCode.NOT_FOUND).expect(*read, status=StatusCode.NOT_FOUND)
    assert "topic shop does not exist" in member(retry_timeout=0, **options)["msg"]
    pubsub.expect(*read, status=StatusCode.NOT_FOUND)
    assert member(state="absent", **options)["changed"] is False


def test_an_emulator_without_iam_says_so(pubsub: t.Any, member: t.Any) -> None:
    pubsub.expect("GetIamPolicy", {"resource": TOPIC, "options": {"requestedPolicyVersion": 3}}, status=StatusCode.UNIMPLEMENTED)
    result = member(resource_type="topic", resource="shop", pubsub_endpoint=f"http://{pubsub.address}")
    assert "emulator, for example, has no IAM" in result["msg"]


def test_a_missing_permission_is_named(rest: t.Any, member: t.Any) -> None:
    error = {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
    rest.expect("POST", f"{PROJECT}:getIamPolicy", body=READ, status=403, answer={"error": error})
    assert (
        "does not have permission. The account that runs this needs the permission resourcemanager.projects.getIamPolicy in project demo;"
        in member()["msg"]
    )


@pytest.mark.parametrize(
    "name",
    [
        "user:ann@example.com",
        "group:team@example.com",
        "domain:example.com",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/demo.svc.id.goog/subject/ns/D/sa/S",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/demo.svc.id.goog/namespace/d",
    ],
)
def test_every_kind_of_member_is_taken(rest: t.Any, member: t.Any, name: str) -> None:
    project_reads(rest, {"etag": "A"})
    assert member(check=True, member=name)["member"] == name


@pytest.mark.parametrize(
    "options",
    [
        {"member": "debezium@demo.iam.gserviceaccount.com"},
        {"member": "serviceaccount:a@b.c"},
        {"member": "user:ann"},
        {"member": "allUsers"},
        {"member": "allAuthenticatedUsers"},
        {"member": "deleted:serviceAccount:a@b.c?uid=1"},
        {"roles": ["viewer"]},
        {"resource_type": "topic"},
        {"resource_type": "service_account", "resource": "debezium"},
    ],
)
def test_bad_input_is_refused_before_any_request(member: t.Any, options: dict[str, t.Any]) -> None:
    assert member(**options)["failed"] is True


def test_the_public_is_granted_roles_only_when_that_is_said(rest: t.Any, member: t.Any) -> None:
    project_reads(rest, {"etag": "A"})
    assert member(check=True, member="allUsers", allow_public=True)["changed"] is True
