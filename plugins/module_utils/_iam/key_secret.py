# SPDX-License-Identifier: GPL-3.0-or-later
"""A service account key that goes from IAM straight into a Kubernetes Secret, as a resource of the engine.  PRIVATE to the collection.

The Secret is the only store of the key.  Its key is good when IAM lists it as a live key of that account; then nothing happens.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._gcp.client import Client
from .._gcp.options import GcpOptions
from .._reconcile.digest import data_digest
from .._reconcile.errors import InvalidInput, ReconcileError
from .._reconcile.plan import Action, Plan
from .api import Iam
from .keys import LIMIT, AccountKeys, Key, identity

NEW = "(a new key)"


class SecretStore(t.Protocol):
    """The Secrets of one Kubernetes cluster."""

    def read(self, namespace: str, name: str) -> dict[str, bytes] | None: ...

    def write(
        self, namespace: str, name: str, data: Mapping[str, bytes], labels: Mapping[str, str], annotations: Mapping[str, str]
    ) -> None: ...


class KeyLimit(ReconcileError):
    """The account has as many keys as it can have."""


class NotStored(ReconcileError):
    """The new key could not be stored."""


@dataclass(frozen=True)
class Observed:
    """Both sides as they are.

    stored_id, stored_email: of the key in the Secret, None when it holds none.  sha256: over all data of the Secret, None if there
    is no Secret.  keys: None if the account does not exist.  now: when this was read.
    """

    stored_id: str | None
    stored_email: str | None
    sha256: str | None
    keys: tuple[Key, ...] | None
    now: datetime.datetime

    def key(self, key_id: str | None) -> Key | None:
        return next((key for key in self.keys or () if key.key_id == key_id), None)


@dataclass(frozen=True)
class StoreNewKey(Action):
    """known: ids of the account's keys before.  replaces: id of the account's key in the Secret, which IAM may or may not list."""

    known: tuple[str, ...] = ()
    replaces: str | None = None


@dataclass(frozen=True)
class DeleteKey(Action):
    key_id: str = ""


class KeySecret:
    """The Secret with a good key of the account."""

    def __init__(
        self,
        client: Client,
        store: SecretStore,
        params: Mapping[str, t.Any],
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        self.keys = AccountKeys(Iam(client), params["service_account"])
        self.store = store
        self.namespace: str = params["namespace"]
        self.name: str = params["secret_name"]
        self.entry: str = params["key"]
        self.labels = {str(key): str(value) for key, value in (params["labels"] or {}).items()}
        self.max_age = _days("max_age_days", params["max_age_days"])
        self.rotate_before = _days("rotate_before_days", params["rotate_before_days"])
        self.delete_replaced: bool = params["delete_replaced_key"]
        self.delete_ids: tuple[str, ...] = tuple(params["delete_key_ids"] or ())
        self.title = f"key of {self.keys.email} in Secret {self.namespace}/{self.name}"
        self._now = now

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], client: Client | None, store: SecretStore) -> KeySecret:
        """From the module's parameters.  client: one that exists already, or None.  store: of the cluster, which is not IAM's to know."""
        return cls(client or Client(GcpOptions.from_params(params)), store, params)

    def read(self) -> Observed:
        data = self.store.read(self.namespace, self.name)
        stored_id, stored_email = identity((data or {}).get(self.entry)) or (None, None)
        return Observed(stored_id, stored_email, None if data is None else data_digest(data), self.keys.read(), self._now())

    def plan(self, observed: Observed | None) -> Plan:
        if observed is None:
            raise AssertionError("read() always gives one")
        reason = self._reason(observed)
        known = tuple(_ids(observed))
        replaced = observed.stored_id if reason is not None and observed.stored_email == self.keys.email else None
        keys_to_delete = self._keys_to_delete(observed, replaced, reason)
        before = self._shown(observed)
        after = {**(before or self._frame()), "key_ids": [key_id for key_id in known if key_id not in keys_to_delete]}
        first = [key_id for key_id in keys_to_delete if key_id != observed.stored_id]  # unused ones go first and make room below the limit
        actions: list[Action] = [self._delete(key_id) for key_id in first]
        if reason is not None:
            if len(known) - len(first) >= LIMIT:
                raise KeyLimit(
                    f"{self.keys.email} has {len(known)} user-managed keys, and {LIMIT} is the limit; name an unused one "
                    f"in delete_key_ids ({', '.join(known)}). A new one is needed because {reason}."
                )
            actions.append(StoreNewKey(f"create a key of {self.keys.email} and store it, because {reason}", known, replaced))
            after.update(private_key_id=NEW, valid_until=None, key_ids=[*after["key_ids"], NEW])
        actions.extend(self._delete(key_id) for key_id in keys_to_delete if key_id not in first)
        return Plan(before, after, tuple(actions), facts={"replaced_key_id": replaced})

    def apply(self, action: Action) -> None:
        if isinstance(action, StoreNewKey):
            self._store_new(action)
        elif isinstance(action, DeleteKey):
            self.keys.delete(action.key_id)

    def facts(self, observed: Observed | None) -> Mapping[str, t.Any]:
        if observed is None:
            raise AssertionError("read() always gives one")
        empty = {**self._frame(), "private_key_id": None, "valid_until": None, "key_ids": _ids(observed)}
        return {**(self._shown(observed) or empty), "sha256": observed.sha256}

    def _store_new(self, action: StoreNewKey) -> None:
        listed = {key.key_id for key in self.keys.read() or ()}
        if action.replaces in listed and action.replaces not in action.known:
            raise ReconcileError(
                f"IAM lists key {action.replaces} of {self.keys.email} again, which it did not list a moment ago; run again."
            )
        new = self.keys.create({*listed, *action.known})
        try:
            self.keys.wait_listed(new.key_id)
            self.store.write(self.namespace, self.name, {self.entry: new.json_file}, self.labels, {})
        except BaseException as error:
            self._take_back(new.key_id, error)
            raise

    def _take_back(self, key_id: str, error: BaseException) -> None:
        """The new key is stored nowhere: delete it, also if the run is interrupted."""
        reason = error.message if isinstance(error, ReconcileError) else type(error).__name__
        try:
            self.keys.delete(key_id)
        except ReconcileError as second:
            raise NotStored(
                f"The new key {key_id} of {self.keys.email} could not be stored ({reason}), and could not be deleted either "
                f"({second.message}); delete it."
            ) from second

    def _delete(self, key_id: str) -> DeleteKey:
        return DeleteKey(f"delete key {key_id} of {self.keys.email}", key_id)

    def _keys_to_delete(self, observed: Observed, replaced: str | None, reason: str | None) -> list[str]:
        """Ids of the keys to delete when the Secret holds a good key: never one that is in use by default."""
        if reason is None and observed.stored_id in self.delete_ids:
            raise InvalidInput(f"delete_key_ids: {observed.stored_id} is the key that Secret {self.namespace}/{self.name} holds.")
        wanted = [*self.delete_ids, *([replaced] if replaced and self.delete_replaced else [])]
        return [key_id for key_id in dict.fromkeys(wanted) if observed.key(key_id)]

    def _reason(self, observed: Observed) -> str | None:
        """Why a new key is needed, for the action's summary; None if the stored one is good."""
        if observed.sha256 is None:
            return "there is no such Secret"
        if observed.stored_id is None:
            return f"the Secret has no key file under {self.entry}"
        if observed.stored_email != self.keys.email:
            return f"the Secret's key belongs to {observed.stored_email}"
        key = observed.key(observed.stored_id)
        if key is None:
            return f"IAM does not know key {observed.stored_id} any more"
        if key.disabled:
            return f"key {key.key_id} is disabled"
        if key.expires <= observed.now + (self.rotate_before or datetime.timedelta(0)):
            return f"key {key.key_id} is valid only until {key.expires.isoformat()}"
        if self.max_age is not None and key.created + self.max_age <= observed.now:
            return f"key {key.key_id} was made at {key.created.isoformat()}"
        return None

    def _frame(self) -> dict[str, t.Any]:
        return {"service_account": self.keys.email, "namespace": self.namespace, "secret_name": self.name, "key": self.entry}

    def _shown(self, observed: Observed) -> dict[str, t.Any] | None:
        if observed.sha256 is None:
            return None
        key = observed.key(observed.stored_id)
        return {
            **self._frame(),
            "private_key_id": observed.stored_id,
            "valid_until": key.expires.isoformat() if key else None,
            "key_ids": _ids(observed),
        }


def _ids(observed: Observed) -> list[str]:
    return [key.key_id for key in observed.keys or ()]


def _days(option: str, value: int | None) -> datetime.timedelta | None:
    if value is None:
        return None
    if not 0 <= value <= 36500:
        raise InvalidInput(f"{option} must be between 0 and 36500 days, not {value}.")
    return datetime.timedelta(days=value)
