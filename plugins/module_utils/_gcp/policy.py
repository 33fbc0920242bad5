# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies: adding and removing one member, and the loop that survives other writers.  PRIVATE to the collection.

Rules: cloud.google.com/iam/docs/policies.  A binding is the triple (role, condition, members); two bindings of one role with
different conditions are different bindings.  Policies are read and written at version 3, or conditions would be lost.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from .._reconcile.errors import ReconcileError
from .._reconcile.retry import Transient, retry
from .._reconcile.wait import Clock
from .client import ApiError

Policy = Mapping[str, t.Any]

POLICY_VERSION = 3


def members(policy: Policy, role: str, condition: Mapping[str, str] | None = None) -> set[str]:
    """Who has `role` under exactly `condition` (None: unconditionally)."""
    return {
        member
        for binding in policy.get("bindings", ())
        if binding.get("role") == role and same_condition(binding.get("condition"), condition)
        for member in binding.get("members", ())
    }


def with_member(policy: Policy, role: str, member: str, condition: Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """`policy` with one more member; every other binding as it was."""
    bindings = [dict(binding) for binding in policy.get("bindings", ())]
    for binding in bindings:
        if binding.get("role") == role and same_condition(binding.get("condition"), condition):
            binding["members"] = [*binding.get("members", ()), *([member] if member not in binding.get("members", ()) else [])]
            break
    else:
        bindings.append({"role": role, "members": [member], **({"condition": dict(condition)} if condition else {})})
    return {**policy, "bindings": bindings, "version": POLICY_VERSION}


def without_member(policy: Policy, role: str, member: str, condition: Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """`policy` without that member; a binding left empty goes, every other one stays as it was."""
    bindings = []
    for binding in policy.get("bindings", ()):
        if binding.get("role") == role and same_condition(binding.get("condition"), condition):
            left = [item for item in binding.get("members", ()) if item != member]
            if not left:
                continue
            binding = {**binding, "members": left}
        bindings.append(dict(binding))
    return {**policy, "bindings": bindings, "version": POLICY_VERSION}


def same_condition(one: Mapping[str, str] | None, other: Mapping[str, str] | None) -> bool:
    """Conditions are the same when title, description and expression are."""
    keys = ("title", "description", "expression")
    return [(one or {}).get(key) or "" for key in keys] == [(other or {}).get(key) or "" for key in keys]


def edit(
    read: Callable[[], Policy],
    write: Callable[[Policy], t.Any],
    change: Callable[[Policy], Policy],
    conflict: Callable[[Exception], bool],
    timeout: float,
    clock: Clock,
) -> None:
    """Read, change and write a policy; if another writer was faster, do all three again until `timeout` seconds are over.

    The policy that `read` gives carries its etag, and `change` keeps it, so that a lost race is refused and no grant is lost.
    When `change` gives back an equal policy, another writer did it already, and nothing is written.
    """

    def send(left: float) -> None:
        try:
            policy = read()
            changed = change(policy)
            if changed != policy:
                write(changed)
        except ReconcileError as error:
            if conflict(error):
                raise Transient(error) from error.__cause__
            raise

    retry(send, timeout, clock)


def rest_conflict(error: Exception) -> bool:
    """A lost race, as the REST APIs say it: 409 ABORTED or 412."""
    return isinstance(error, ApiError) and (error.status == 412 or (error.status == 409 and error.reason in ("aborted", "ABORTED")))
