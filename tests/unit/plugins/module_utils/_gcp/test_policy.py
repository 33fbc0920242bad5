# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies: what others wrote stays, and a lost race is run again."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._gcp import policy
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import ApiError

CONDITION = {"title": "until 2030", "expression": "request.time < timestamp('2030-01-01T00:00:00Z')"}
OTHERS = {
    "etag": "BwY=",
    "bindings": [
        {"role": "roles/owner", "members": ["user:ann@example.com"]},
        {"role": "roles/pubsub.publisher", "members": ["user:bob@example.com"], "condition": CONDITION},
    ],
}


def test_a_new_member_leaves_every_other_binding_as_it_was() -> None:
    changed = policy.with_member(OTHERS, "roles/pubsub.publisher", "serviceAccount:a@b.c")
    assert changed["bindings"][:2] == OTHERS["bindings"]
    assert changed["bindings"][2] == {"role": "roles/pubsub.publisher", "members": ["serviceAccount:a@b.c"]}
    assert (changed["etag"], changed["version"]) == ("BwY=", 3)


def test_a_member_joins_the_binding_of_the_same_role_and_condition() -> None:
    changed = policy.with_member(OTHERS, "roles/pubsub.publisher", "user:eve@example.com", CONDITION)
    assert changed["bindings"][1] == {
        "role": "roles/pubsub.publisher",
        "members": ["user:bob@example.com", "user:eve@example.com"],
        "condition": CONDITION,
    }


def test_a_conditional_grant_is_not_an_unconditional_one() -> None:
    assert policy.members(OTHERS, "roles/pubsub.publisher") == set()
    assert policy.members(OTHERS, "roles/pubsub.publisher", CONDITION) == {"user:bob@example.com"}


def test_removing_the_last_member_removes_the_binding_and_nothing_else() -> None:
    changed = policy.without_member(OTHERS, "roles/pubsub.publisher", "user:bob@example.com", CONDITION)
    assert changed["bindings"] == [OTHERS["bindings"][0]]
    assert policy.without_member(OTHERS, "roles/pubsub.publisher", "user:bob@example.com")["bindings"] == OTHERS["bindings"]


def test_pure_functions_do_not_touch_what_they_are_given() -> None:
    before = repr(OTHERS)
    policy.with_member(OTHERS, "roles/owner", "user:x@example.com")
    policy.without_member(OTHERS, "roles/owner", "user:ann@example.com")
    assert repr(OTHERS) == before


def test_a_lost_race_reads_again_and_keeps_the_other_writers_grant(clock: t.Any) -> None:
    server = {"policy": dict(OTHERS), "races": 1}

    def write(wanted: policy.Policy) -> None:
        if server["races"]:
            server["races"] = 0
            server["policy"] = policy.with_member(server["policy"], "roles/viewer", "user:zoe@example.com")
            raise ApiError("Setting the policy", 409, "ABORTED", "There were concurrent policy changes.", {})
        server["policy"] = wanted

    policy.edit(
        read=lambda: server["policy"],
        write=write,
        change=lambda found: policy.with_member(found, "roles/pubsub.publisher", "serviceAccount:a@b.c"),
        conflict=policy.rest_conflict,
        timeout=30,
        clock=clock,
    )
    assert policy.members(server["policy"], "roles/viewer") == {"user:zoe@example.com"}
    assert policy.members(server["policy"], "roles/pubsub.publisher") == {"serviceAccount:a@b.c"}


@pytest.mark.parametrize(
    ("status", "reason", "race"), [(409, "ABORTED", True), (412, "", True), (409, "ALREADY_EXISTS", False), (403, "", False)]
)
def test_which_errors_are_a_lost_race(status: int, reason: str, race: bool) -> None:
    assert policy.rest_conflict(ApiError("x", status, reason, "", {})) is race
