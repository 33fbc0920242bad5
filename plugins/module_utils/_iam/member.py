# SPDX-License-Identifier: GPL-3.0-or-later
"""One member's roles on one resource, as a resource of the engine.  PRIVATE to the collection.

Grants are additive: what others wrote into the policy stays, and a lost race is run again.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from .._gcp.policy import Policy, edit, members, same_condition, with_member, without_member
from .._reconcile.errors import InvalidInput, ReconcileError, Refused
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import Clock

PUBLIC = ("allUsers", "allAuthenticatedUsers")

_MEMBER = re.compile(
    r"(?:user|group|serviceAccount):[^@\s:]+@[^@\s]+\.[^@\s]+"
    r"|serviceAccount:[^\s\[\]]+\.svc\.id\.goog\[[^/\s\[\]]+/[^/\s\[\]]+\]"
    r"|domain:[^@\s]+\.[^@\s]+"
    r"|principal(?:Set)?://\S+"
    r"|deleted:(?:user|group|serviceAccount):\S+\?uid=[0-9]+"
)
"""cloud.google.com/iam/docs/principal-identifiers."""

_ROLE = re.compile(r"(?:(?:projects|organizations)/[^/\s]+/)?roles/[A-Za-z0-9_.]+")


class PolicyStore(t.Protocol):
    """The policy of one resource; a topic's, an account's and a project's all look like this.

    title: names the resource in messages.  name: its full name.
    """

    title: str
    name: str

    def read(self) -> Policy | None: ...

    def write(self, policy: Policy) -> None: ...

    def conflict(self, error: Exception) -> bool: ...

    def unknown_member(self, error: Exception) -> bool: ...


class _NoResource(ReconcileError):
    """The resource whose policy is to change does not exist, or cannot be read yet."""


@dataclass(frozen=True)
class Grant(Action):
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Revoke(Action):
    roles: tuple[str, ...] = ()


class Member:
    """The roles that a member is to have, or is not to have.

    params: the module's parameters.  timeout: seconds that lost races, and resources and accounts that were made a moment ago, are
    tried again.
    """

    def __init__(self, store: PolicyStore, params: Mapping[str, t.Any], timeout: float, clock: Clock | None = None) -> None:
        self.store = store
        self.present = params["state"] == "present"
        self.member = normalised(params["member"])
        self.roles: tuple[str, ...] = tuple(dict.fromkeys(params["roles"]))
        self.condition = _condition(params["condition"])
        self.title = f"roles of {self.member} on {store.title}"
        self._timeout = timeout
        self._clock = clock or Clock()
        self._check(params["allow_public"])

    def read(self) -> Policy | None:
        return self.store.read()

    def plan(self, observed: Policy | None) -> Plan:
        """A resource that does not exist yet has no grants: in check mode on an empty project that is the truth."""
        held = self._held(observed)
        if self.present:
            roles = tuple(role for role in self.roles if role not in held)
            after = sorted({*held, *roles})
            action: Action = Grant(f"grant {', '.join(roles)} on {self.store.title} to {self.member}", roles)
        else:
            roles = tuple(role for role in self.roles if role in held)
            after = sorted(set(held) - set(roles))
            action = Revoke(f"revoke {', '.join(roles)} on {self.store.title} from {self.member}", roles)
        return Plan({"roles": held}, {"roles": after}, (action,) if roles else ())

    def apply(self, action: Action) -> None:
        if isinstance(action, (Grant, Revoke)):
            step = with_member if isinstance(action, Grant) else without_member

            def change(policy: Policy) -> Policy:
                changed = policy
                for role in action.roles:
                    if (self.member in members(changed, role, self.condition)) != isinstance(action, Grant):
                        changed = step(changed, role, self.member, self.condition)
                return changed

            try:
                edit(self._existing, self.store.write, change, self._try_again, self._timeout, self._clock)
            except ReconcileError as error:
                if self.store.unknown_member(error):
                    error.message += f" Check the spelling of {self.member}; a new account may need some minutes."
                raise

    def facts(self, observed: Policy | None) -> Mapping[str, t.Any]:
        return {"resource": self.store.name, "member": self.member, "roles": self._held(observed), "condition": self.condition}

    def _held(self, policy: Policy | None) -> list[str]:
        """Roles that the member has under exactly the wanted condition, sorted."""
        return sorted(
            {
                binding["role"]
                for binding in (policy or {}).get("bindings", ())
                if same_condition(binding.get("condition"), self.condition) and self.member in binding.get("members", ())
            }
        )

    def _existing(self) -> Policy:
        policy = self.store.read()
        if policy is None:
            raise _NoResource(f"{self.store.title} does not exist, so nothing can be granted on it; create it first.")
        return policy

    def _try_again(self, error: Exception) -> bool:
        return isinstance(error, _NoResource) or self.store.conflict(error) or self.store.unknown_member(error)

    def _check(self, allow_public: bool) -> None:
        if self.member in PUBLIC:
            if self.present and not allow_public:
                raise Refused(f"{self.member} means everyone on the internet; set allow_public: true to allow it.")
        elif not _MEMBER.fullmatch(self.member):
            raise InvalidInput(
                f"member: {self.member!r} is not a valid IAM member, like serviceAccount:NAME@PROJECT.iam.gserviceaccount.com, "
                f"user:NAME@DOMAIN, group:NAME@DOMAIN, domain:DOMAIN, principal://… or principalSet://…."
            )
        elif self.present and self.member.startswith("deleted:"):
            raise InvalidInput(f"member: {self.member} was deleted and can only be removed (state: absent).")
        for role in self.roles:
            if not _ROLE.fullmatch(role):
                raise InvalidInput(f"roles: {role!r} is not a role, like roles/pubsub.publisher or projects/PROJECT/roles/NAME.")


def normalised(member: str) -> str:
    """`member` as policies hold it: lower case after the prefix, except for principal:// and principalSet://."""
    kind, colon, rest = member.partition(":")
    return f"{kind}:{rest.lower()}" if kind in ("user", "group", "serviceAccount", "domain") else f"{kind}{colon}{rest}"


def _condition(value: Mapping[str, t.Any] | None) -> dict[str, str] | None:
    return None if value is None else {key: text for key, text in value.items() if text}
