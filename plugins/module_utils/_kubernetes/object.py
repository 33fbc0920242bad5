# SPDX-License-Identifier: GPL-3.0-or-later
"""Any object of a cluster: server-side apply, planned by the server's own dry run.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from .._reconcile.errors import InvalidInput, Refused
from .._reconcile.plan import Action, Plan
from .._reconcile.secret import HIDDEN
from .._reconcile.wait import wait_for
from .cluster import Cluster, Json, Manifest, identity, title
from .errors import ApiError
from .manifest import Readable, checked, comparable, sha256, shown_annotations, with_secret_data
from .options import KubernetesOptions
from .unchanged import applied_unchanged

HOLDS_DATA = frozenset({"Namespace", "PersistentVolume", "PersistentVolumeClaim"})
"""Kinds whose deletion may delete data that cannot be restored."""


@dataclass(frozen=True)
class Observed:
    """An object as it is (`live`), and as it would be after an apply (`expected`).

    `expected` is what the server's dry run says, or `live` itself where that is proven to be the same.
    Each is None when it does not exist; `expected` also when absence is wanted.
    """

    live: Json | None
    expected: Json | None


@dataclass(frozen=True)
class Apply(Action):
    """Send the definition as it is."""


@dataclass(frozen=True)
class Delete(Action):
    """Delete the object and what depends on it, and wait until it is gone."""


class KubernetesObject:
    """One object.

    manifest: what is wanted, at least apiVersion, kind and metadata.name.  present: False if it is to be deleted.
    force_conflicts: take over fields that other managers own.  delete_data: allow to delete kinds that hold data.
    wait_timeout: seconds to wait for a deletion.  keep_existing: leave an object that exists as it is.
    readable: what to show of a Secret's values, by key; the others stay hidden.
    """

    def __init__(
        self,
        cluster: Cluster,
        manifest: Manifest,
        present: bool = True,
        force_conflicts: bool = False,
        delete_data: bool = False,
        wait_timeout: float = 120,
        keep_existing: bool = False,
        readable: Readable | None = None,
    ) -> None:
        self.cluster = cluster
        self.manifest = manifest
        self.present = present
        self.force_conflicts = force_conflicts
        self.delete_data = delete_data
        self.wait_timeout = wait_timeout
        self.keep_existing = keep_existing
        self.readable = readable
        self.title = title(manifest)

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], cluster: Cluster | None = None) -> KubernetesObject:
        """From the parameters of kubernetes_object."""
        return cls(
            cluster or Cluster(KubernetesOptions.from_params(params)),
            with_secret_data(checked(params["definition"]), params["secret_data"], read_files(params["secret_files"])),
            params["state"] == "present",
            params["force_conflicts"],
            params["delete_data"],
            params["wait_timeout"],
        )

    def read(self) -> Observed | None:
        kind, namespace, name = identity(self.manifest)
        live = self.cluster.read(str(self.manifest["apiVersion"]), kind, namespace, name)
        if not self.present:
            return None if live is None else Observed(live, None)
        if live is not None and (self.keep_existing or applied_unchanged(live, self.manifest)):
            return Observed(live, live)
        return Observed(live, self._dry_run())

    def _dry_run(self) -> Json:
        try:
            return self.cluster.apply(self.manifest, self.force_conflicts, dry_run=True)
        except ApiError as error:
            # The namespace comes to be in the same run, as a rule; in check mode it does not, and a plan is still wanted.
            if error.names_missing_namespace:
                return dict(self.manifest)
            raise

    def plan(self, observed: Observed | None) -> Plan:
        if observed is None:
            return Plan(None, None)
        before = None if observed.live is None else comparable(observed.live, self.readable)
        if observed.expected is None:
            if self.manifest["kind"] in HOLDS_DATA and not self.delete_data:
                raise Refused(f"Deleting {self.title} may destroy data; set delete_data=true to allow it.")
            return Plan(before, None, (Delete(f"delete {self.title}"),))
        after = comparable(observed.expected, self.readable)
        if unchanged(observed):
            return Plan(before, after)
        return Plan(before, after, (Apply(f"{'create' if before is None else 'update'} {self.title}"),))

    def apply(self, action: Action) -> None:
        if isinstance(action, Delete):
            self.cluster.delete(self.manifest)
            wait_for(self._gone, f"{self.title} to be deleted", self.wait_timeout, self.cluster.clock)
        else:
            self.cluster.apply(self.manifest, self.force_conflicts)

    def _gone(self) -> bool | None:
        kind, namespace, name = identity(self.manifest)
        return True if self.cluster.read(str(self.manifest["apiVersion"]), kind, namespace, name) is None else None

    def facts(self, observed: Observed | None) -> dict[str, t.Any]:
        kind, namespace, name = identity(self.manifest)
        found = (observed.expected if self.present else observed.live) if observed else None
        return {
            "api_version": self.manifest["apiVersion"],
            "kind": kind,
            "namespace": namespace,
            "name": name,
            "sha256": sha256(found) if found else None,
            "live_annotations": shown_annotations(observed.live) if observed and observed.live else None,
        }


def unchanged(observed: Observed) -> bool:
    """Whether an apply would change nothing that a person compares."""
    if observed.live is None or observed.expected is None:
        return False
    return observed.live is observed.expected or comparable(observed.live) == comparable(observed.expected)


def read_files(paths: Mapping[str, str] | None) -> dict[str, bytes] | None:
    """Contents of files by key.  Raises InvalidInput for one that cannot be read."""
    if paths is None:
        return None
    contents = {}
    for key, path in paths.items():
        try:
            with open(path, "rb") as file:
                contents[key] = file.read()
        except OSError as error:
            raise InvalidInput(f"secret_files: {path} for {key} cannot be read: {error.strerror}.") from error
    return contents


def masked_by_type(module: AnsibleModule) -> dict[str, t.Any]:
    """The module's parameters, taken out of its reach, with the values of `secret_data` no longer masked by their text.

    Ansible replaces each no_log value wherever it occurs in a result: a user name "cdc" would spoil a checksum, a user name "shop"
    the name of the Secret.  These values are hidden by type instead, and in the module's invocation here.
    """
    params = dict(module.params)
    values = params["secret_data"]
    if values is not None:
        others = {str(params[name]) for name, spec in module.argument_spec.items() if spec.get("no_log") and name != "secret_data"}
        module.no_log_values.difference_update({str(value) for value in values.values()} - others)
        module.params["secret_data"] = dict.fromkeys(values, HIDDEN)
    return params
