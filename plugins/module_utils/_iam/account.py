# SPDX-License-Identifier: GPL-3.0-or-later
"""A service account, as a resource of the engine.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from .._gcp.client import ApiError, Client
from .._gcp.options import GcpOptions
from .._reconcile.errors import Refused
from .._reconcile.plan import Action, Plan
from .api import Iam, account_email, account_path

_API_NAMES = {"display_name": "displayName", "description": "description"}
_EMPTY: Mapping[str, t.Any] = {"display_name": "", "description": "", "disabled": False}


@dataclass(frozen=True)
class Observed:
    """A service account as IAM has it.  unique_id: 21 digits; an account that is recreated under the same e-mail has another one."""

    unique_id: str
    display_name: str
    description: str
    disabled: bool


@dataclass(frozen=True)
class Create(Action):
    account: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change(Action):
    account: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Switch(Action):
    """Enable or disable: a method of its own in the API."""

    disabled: bool = False


@dataclass(frozen=True)
class Delete(Action):
    pass


class ServiceAccount:
    """The service account that the user wants.  Options that are None are left as IAM has them; `new_account` is for a new one alone."""

    def __init__(self, client: Client, params: Mapping[str, t.Any]) -> None:
        self.iam = Iam(client)
        self.account_id: str = params["account_id"]
        self.email = account_email(self.account_id, self.iam.project)
        self.title = f"service account {self.email}"
        self.present = params["state"] == "present"
        self.allow_delete: bool = params["allow_delete"]
        self.wanted = {name: params[name] for name in _EMPTY if params[name] is not None}
        self.new: Mapping[str, str] = params.get("new_account") or {}
        self._path = account_path("account_id", self.email, self.iam.project)

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], client: Client | None = None) -> ServiceAccount:
        """From the module's parameters.  client: one that exists already."""
        return cls(client or Client(GcpOptions.from_params(params)), params)

    def read(self) -> Observed | None:
        try:
            answer = self.iam.call(f"Reading {self.title}", "iam.serviceAccounts.get", "GET", self._path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None
        return Observed(
            unique_id=answer.get("uniqueId", ""),
            display_name=answer.get("displayName", ""),
            description=answer.get("description", ""),
            disabled=answer.get("disabled", False),
        )

    def plan(self, observed: Observed | None) -> Plan:
        before = _shown(observed)
        if not self.present:
            if observed and not self.allow_delete:
                raise Refused(
                    f"Deleting {self.title} breaks everything that uses it, and a new account of "
                    f"the same name does not get its grants back; set allow_delete: true to allow it."
                )
            return Plan(before, None, (Delete(f"delete {self.title}"),) if observed else ())
        after = {**(before or {**_EMPTY, **self.new}), **self.wanted}
        changed = {name: value for name, value in after.items() if value != (before or _EMPTY)[name]}
        texts = {_API_NAMES[name]: value for name, value in changed.items() if name in _API_NAMES}
        actions: list[Action] = []
        if observed is None:
            actions.append(Create(f"create {self.title}", texts))
        elif texts:
            actions.append(Change(f"change {', '.join(name for name in changed if name in _API_NAMES)} of {self.title}", texts))
        if "disabled" in changed:
            actions.append(Switch(f"{'disable' if after['disabled'] else 'enable'} {self.title}", after["disabled"]))
        return Plan(before, after, tuple(actions))

    def apply(self, action: Action) -> None:
        if isinstance(action, Create):
            self._create(action)
        elif isinstance(action, Change):
            # The answer has only the changed fields; what counts is read again.
            body = {"serviceAccount": dict(action.account), "updateMask": ",".join(action.account)}
            self.iam.call(f"Changing {self.title}", "iam.serviceAccounts.update", "PATCH", self._path, body=body)
            wanted = {name: action.account[api_name] for name, api_name in _API_NAMES.items() if api_name in action.account}
            self._wait(lambda found: found is not None and wanted.items() <= asdict(found).items(), "to be readable as changed")
        elif isinstance(action, Switch):
            verb, attempt = ("disable", "Disabling") if action.disabled else ("enable", "Enabling")
            self.iam.call(f"{attempt} {self.title}", f"iam.serviceAccounts.{verb}", "POST", f"{self._path}:{verb}")
            self._wait(lambda found: found is not None and found.disabled == action.disabled, f"to be readable as {verb}d")
        elif isinstance(action, Delete):
            try:
                self.iam.call(f"Deleting {self.title}", "iam.serviceAccounts.delete", "DELETE", self._path)
            except ApiError as error:
                if error.status != 404:
                    raise
            self._wait(lambda found: found is None, "to be gone")

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        shown = _shown(observed) or dict.fromkeys(_EMPTY)
        return {
            "account_id": self.account_id,
            "email": self.email,
            "member": f"serviceAccount:{self.email}",
            "name": self._path.removeprefix("/v1/"),
            "unique_id": observed.unique_id if observed else None,
            **shown,
        }

    def _create(self, action: Create) -> None:
        body = {"accountId": self.account_id, "serviceAccount": dict(action.account)}
        exists = False
        path = f"/v1/projects/{self.iam.project}/serviceAccounts"
        try:
            self.iam.call(f"Creating {self.title}", "iam.serviceAccounts.create", "POST", path, body=body)
        except ApiError as error:
            if error.status != 409:
                raise
            exists = True
        self._wait(lambda found: found is not None, "to be readable", new=True)
        if exists:
            for change in self.plan(self.read()).actions:
                if isinstance(change, Change):
                    self.apply(change)

    def _wait(self, reached: Callable[[Observed | None], bool], what: str, new: bool = False) -> None:
        """Wait until reads agree.  new: the account was just made, and a 403 only means that it is not there yet."""

        def look() -> bool | None:
            try:
                return reached(self.read()) or None
            except ApiError as error:
                if new and error.status == 403:
                    return None
                raise

        self.iam.wait_steady(look, f"{self.title} {what}")


def _shown(observed: Observed | None) -> dict[str, t.Any] | None:
    if observed is None:
        return None
    return {name: getattr(observed, name) for name in _EMPTY}
