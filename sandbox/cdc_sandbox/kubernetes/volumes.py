"""A provisioner of `local` volumes: each volume claim gets a folder of this machine.

The kubelet applies `fsGroup` to a `local` volume, which it does not to a `hostPath` one, so a pod that is not root can write.
Run as `python -m cdc_sandbox.kubernetes.volumes FOLDER KUBECONFIG`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes
import urllib3

from ..command import remove_folder
from ..process import Daemon
from ..settings import Settings
from .pki import NODE_NAME

PROVISIONER = "cdc-sandbox.example.com/local"
"""The `provisioner` of a StorageClass with these volumes."""
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"

Object = Mapping[str, Any]
"""A Kubernetes object as JSON has it."""


@dataclass(frozen=True)
class Plan:
    """Pending changes.

    create: PersistentVolume objects.
    delete: names of PersistentVolumes to delete, with their folders.
    """

    create: list[dict[str, Any]]
    delete: list[str]


def folder(settings: Settings) -> Path:
    return settings.state / "volumes"


def daemon(settings: Settings) -> Daemon:
    module = "cdc_sandbox.kubernetes.volumes"
    return Daemon(settings, "volumes", [sys.executable, "-m", module, str(folder(settings)), str(settings.kubeconfig)])


def plan(claims: Iterable[Object], classes: Iterable[Object], volumes: Iterable[Object], base: Path) -> Plan:
    """Compare claims with volumes.

    A claim of our class gets a volume immediately or, with `WaitForFirstConsumer`, when the scheduler has chosen a node.
    A volume of ours is deleted when it is released and its policy is `Delete`.
    """
    ours = {each["metadata"]["name"]: each for each in classes if each["provisioner"] == PROVISIONER}
    known = list(volumes)
    names = {each["metadata"]["name"] for each in known}
    create = []
    for claim in claims:
        storage_class = ours.get(claim["spec"].get("storageClassName") or "")
        if storage_class is None or claim["spec"].get("volumeName") or claim["metadata"].get("deletionTimestamp"):
            continue
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and SELECTED_NODE not in (claim["metadata"].get("annotations") or {}):
            continue
        volume = volume_for(claim, storage_class, base)
        if volume["metadata"]["name"] not in names:
            create.append(volume)
    delete = [
        each["metadata"]["name"]
        for each in known
        if (each["metadata"].get("annotations") or {}).get(PROVISIONED_BY) == PROVISIONER
        and each["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and (each.get("status") or {}).get("phase") == "Released"
    ]
    return Plan(create, delete)


def volume_for(claim: Object, storage_class: Object, base: Path) -> dict[str, Any]:
    """The PersistentVolume for a claim, bound to it in advance."""
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    on_this_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": storage_class["metadata"]["name"],
            "mountOptions": storage_class.get("mountOptions") or [],
            "local": {"path": str(base / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_this_node]}]}},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
        },
    }


class Provisioner:
    """Reconciles whenever a claim, a class or a volume changes."""

    def __init__(self, client: kubernetes.client.ApiClient, base: Path) -> None:
        # The client's stubs declare neither its dynamic parameters nor that objects may be plain dicts.
        self._core: Any = kubernetes.client.CoreV1Api(client)
        self._storage: Any = kubernetes.client.StorageV1Api(client)
        self._json: Callable[[Any], Any] = client.sanitize_for_serialization
        self._base = base
        self._changed = threading.Event()

    def run(self) -> None:
        """Work until the process is stopped."""
        lists: list[Callable[..., Any]] = [
            self._core.list_persistent_volume_claim_for_all_namespaces,
            self._core.list_persistent_volume,
            self._storage.list_storage_class,
        ]
        for each in lists:
            threading.Thread(target=self._watch, args=(each,), daemon=True).start()
        while True:
            self._changed.wait()
            self._changed.clear()
            try:
                self.reconcile()
            except (urllib3.exceptions.HTTPError, kubernetes.client.ApiException) as error:
                _say(f"try again: {error}")
                threading.Event().wait(1)
                self._changed.set()

    def reconcile(self) -> None:
        """Create and delete the volumes that the current state calls for."""
        todo = plan(
            self._json(self._core.list_persistent_volume_claim_for_all_namespaces())["items"],
            self._json(self._storage.list_storage_class())["items"],
            self._json(self._core.list_persistent_volume())["items"],
            self._base,
        )
        for volume in todo.create:
            Path(volume["spec"]["local"]["path"]).mkdir(parents=True, exist_ok=True)
            self._core.create_persistent_volume(volume)
            _say(f"created {volume['metadata']['name']}")
        for name in todo.delete:
            remove_folder(self._base / name)
            self._core.delete_persistent_volume(name)
            _say(f"deleted {name}")

    def _watch(self, listing: Callable[..., Any]) -> None:
        """Signal each event as a change.  Restarts a watch that the server ends, as the API requires."""
        while True:
            try:
                for _ in kubernetes.watch.Watch().stream(listing, timeout_seconds=300):
                    self._changed.set()
            except (urllib3.exceptions.HTTPError, kubernetes.client.ApiException) as error:
                _say(f"watch again: {error}")
                threading.Event().wait(1)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    base, kubeconfig = sys.argv[1:]
    Provisioner(kubernetes.config.new_client_from_config(kubeconfig), Path(base)).run()


if __name__ == "__main__":
    main()
