"""Proof that the check against Google's documents bites: valid traffic is broken on purpose, and what is caught is counted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cdc_sandbox.google.contract.discovery import directory
from cdc_sandbox.google.types import Json
from cloudsql_samples import SAMPLES, Sample
from standin_client import PROJECT, StandIn, create_key, grant, new_account

PathInBody = tuple[str | int, ...]
FREE_MAPS = ("userLabels", "labels")
"""Fields whose names are the caller's own, so that a renamed one is as good as the first."""


@dataclass
class Count:
    """How many broken messages there were, and which of them were not noticed."""

    tried: int = 0
    missed: list[str] | None = None

    def add(self, name: str, caught: bool) -> None:
        self.missed = self.missed or []
        self.tried += 1
        if not caught:
            self.missed.append(name)

    def __str__(self) -> str:
        return f"{self.tried - len(self.missed or [])} of {self.tried}"


@pytest.fixture(scope="module")
def traffic(standin: StandIn) -> list[Sample]:
    """Valid requests with their answers: recorded here from the stand-in, and the samples of Cloud SQL."""
    standin.control("DELETE", "requests")
    email = new_account(standin, displayName="one", description="two")
    path = f"{standin.account}/{email}"
    key_id = create_key(standin, email)["private_key_id"]
    standin.good("GET", path)
    standin.good("GET", f"{standin.account}?pageSize=3")
    standin.good("PATCH", path, {"serviceAccount": {"description": "three"}, "updateMask": "description"})
    standin.good("GET", f"{path}/keys?keyTypes=USER_MANAGED&keyTypes=SYSTEM_MANAGED")
    standin.good("GET", f"{path}/keys/{key_id}?publicKeyType=TYPE_X509_PEM_FILE")
    policy = standin.good("POST", f"{path}:getIamPolicy?options.requestedPolicyVersion=3")
    policy["bindings"] = [{"role": "roles/iam.workloadIdentityUser", "members": ["serviceAccount:demo-project.svc.id.goog[a/b]"]}]
    standin.good("POST", f"{path}:setIamPolicy", {"policy": policy, "updateMask": "bindings,etag"})
    standin.good("POST", f"{path}:disable", {})
    standin.good("POST", f"{path}:enable", {})
    grant(standin, "roles/pubsub.publisher", f"serviceAccount:{email}")
    standin.good("POST", "/v3/projects/demo-project:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
    standin.good("GET", PROJECT)
    standin.good("GET", "/v3/projects/demo-project")
    standin.good("GET", "/v1/services/servicenetworking.googleapis.com/connections?network=projects/123456789012/global/networks/default")
    standin.good("DELETE", f"{path}/keys/{key_id}")
    standin.good("DELETE", path)
    recorded = []
    for entry in standin.application.journal.requests():
        if entry["method_id"] != "token":
            answer = {name: value for name, value in entry["answer"].items() if name != "privateKeyData"}
            recorded.append((entry["method"], entry["path"], entry["query"], entry["body"] or {}, answer))
    return recorded + SAMPLES


def leaves(value: object, path: PathInBody = ()) -> Iterator[PathInBody]:
    """Where a body has fields, each as the way to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        if isinstance(value, dict):
            yield (*path, name)
        yield from leaves(item, (*path, name))


def holder(body: Json, path: PathInBody) -> Json:
    """A copy's object that has the last field of `path`, and the copy."""
    copied: Json = copy.deepcopy(body)
    inner: Any = copied
    for name in path[:-1]:
        inner = inner[name]
    return {"copy": copied, "inner": inner, "name": path[-1]}


def renamed(body: Json, path: PathInBody) -> Json:
    place = holder(body, path)
    place["inner"][f"{path[-1]}X"] = place["inner"].pop(path[-1])
    copied: Json = place["copy"]
    return copied


def retyped(body: Json, path: PathInBody) -> Json:
    place = holder(body, path)
    value = place["inner"][path[-1]]
    place["inner"][path[-1]] = {"wrong": "type"} if not isinstance(value, dict) else ["wrong type"]
    copied: Json = place["copy"]
    return copied


def in_free_map(path: PathInBody) -> bool:
    return len(path) > 1 and path[-2] in FREE_MAPS


def check(sample: Sample, body: Json | None = None, answer: Json | None = None, query: dict[str, list[str]] | None = None) -> bool:
    """Whether a message, changed or not, is well formed."""
    method, path, own_query, own_body, own_answer = sample
    route = directory().route(method, path)
    if route is None:
        return False
    reports = [
        route.method.check_query(own_query if query is None else query),
        route.method.check_request(own_body if body is None else body),
        route.method.check_answer(own_answer if answer is None else answer),
    ]
    return not any(report.violations for report in reports)


def test_the_traffic_itself_is_well_formed(traffic: list[Sample]) -> None:
    assert [sample[:2] for sample in traffic if not check(sample)] == []
    assert len(traffic) > 30


@pytest.mark.parametrize("part", ["request", "answer"])
@pytest.mark.parametrize("mutate", [renamed, retyped])
def test_each_field_that_is_renamed_or_has_a_wrong_type_is_caught(
    traffic: list[Sample], part: str, mutate: Callable[[Json, PathInBody], Json]
) -> None:
    count, free = Count(), 0
    for sample in traffic:
        body = sample[3] if part == "request" else sample[4]
        for path in leaves(body):
            mutant = mutate(body, path)
            caught = not (check(sample, body=mutant) if part == "request" else check(sample, answer=mutant))
            count.add(f"{sample[0]} {sample[1]} {path}", caught)
            free += in_free_map(path) and not caught
    print(f"{part}s with a field {mutate.__name__}: {count} caught, missed {free} keys of free maps")
    assert count.tried > 40
    assert [name for name in count.missed or [] if "userLabels" not in name] == []
    assert free == len(count.missed or [])
    assert free == 0 or mutate is renamed


def test_each_query_parameter_that_is_unknown_is_caught(traffic: list[Sample]) -> None:
    count = Count()
    for sample in traffic:
        count.add(f"{sample[0]} {sample[1]}", not check(sample, query={**sample[2], "pageSizes": ["1"]}))
    print(f"requests with an unknown query parameter: {count} caught")
    assert not count.missed


def test_a_wrong_verb_is_caught_unless_it_makes_a_good_request_to_another_method(traffic: list[Sample]) -> None:
    verbs = {"GET": "POST", "POST": "PUT", "PUT": "POST", "PATCH": "POST", "DELETE": "POST"}
    count = Count()
    for method, path, query, body, _ in traffic:
        route = directory().route(verbs[method], path)
        good = route is not None and not [*route.method.check_query(query).violations, *route.method.check_request(body).violations]
        count.add(f"{verbs[method]} {path.partition('/projects/')[2].rpartition('/')[2]}", not good)
    print(f"requests with a wrong verb: {count} caught, missed {count.missed}")
    # Creating from nothing and updating by name are methods of Google's at the very same address.
    assert {name.split()[1] for name in count.missed or []} <= {"serviceAccounts", "keys", "users", "instances"}
    assert count.tried - len(count.missed or []) > 25
