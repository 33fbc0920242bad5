"""Which pod has an address, and as which service account it runs, asked from the API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

ANNOTATION = "iam.gke.io/gcp-service-account"
"""Annotation of a Kubernetes service account: e-mail of the Google service account that its pods impersonate."""

Ask = Callable[[str], tuple[int, str]]
"""Status and body of a GET of a path of the API server; status 0 when nothing answers."""


class UnknownCallerError(Exception):
    """No pod is known to have this address, so it gets no identity."""


@dataclass(frozen=True)
class Workload:
    """A pod as IAM sees it.  google_account: e-mail of the Google service account that it impersonates, or None."""

    namespace: str
    service_account: str
    google_account: str | None = None


def find(ask: Ask, address: str) -> Workload:
    """The pod that has this address now; raises UnknownCallerError.

    A pod in its node's network has the address of the node, and on GKE gets the node's identity; there is none here.
    """
    pods = _read(ask, f"/api/v1/pods?fieldSelector={quote(f'status.podIP={address}')}")["items"]
    found = [pod for pod in pods if pod["status"].get("phase") not in ("Succeeded", "Failed") and not pod["spec"].get("hostNetwork")]
    if len(found) != 1:
        raise UnknownCallerError(f"No pod of its own network has the address {address}.")
    namespace, name = found[0]["metadata"]["namespace"], found[0]["spec"]["serviceAccountName"]
    account = _read(ask, f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
    annotations = account["metadata"].get("annotations") or {}
    return Workload(namespace, name, annotations.get(ANNOTATION) or None)


def _read(ask: Ask, path: str) -> dict[str, Any]:
    status, body = ask(path)
    if status != 200:
        raise UnknownCallerError(f"The API server answered {status or 'nothing'} to {path.partition('?')[0]}.")
    answer: dict[str, Any] = json.loads(body)
    return answer
