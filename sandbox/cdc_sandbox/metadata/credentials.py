"""The token of a pod: its own (federated), or that of the Google service account that it impersonates, from the stand-in's APIs."""

from __future__ import annotations

import datetime
import http.client
import json
from collections.abc import Sequence
from typing import Any

from ..settings import Settings
from .workloads import Workload

SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
"""What a pod's token is for unless it asks otherwise."""


class NoTokenError(Exception):
    """IAM gives no token.  status: HTTP status code of the answer to the pod."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def token(settings: Settings, workload: Workload, scopes: Sequence[str] = SCOPES) -> dict[str, Any]:
    """access_token, expires_in and token_type; raises NoTokenError.

    The two steps of GKE's own metadata server: a federated token, which is enough for a pod that acts as itself, and with it
    generateAccessToken for one that impersonates a Google service account, which needs roles/iam.workloadIdentityUser there.
    """
    own = {"namespace": workload.namespace, "service_account": workload.service_account}
    status, federated = _post(settings, "/_sandbox/workload_token", own)
    if status != 200:
        raise NoTokenError(status, f"Unable to generate federated token: {federated}")
    if workload.google_account is None:
        return federated
    path = f"/v1/projects/-/serviceAccounts/{workload.google_account}:generateAccessToken"
    status, answer = _post(settings, path, {"scope": list(scopes)}, federated["access_token"])
    if status != 200:
        raise NoTokenError(status, _refusal(status, answer["error"]["message"]))
    end = datetime.datetime.fromisoformat(answer["expireTime"])
    seconds = int((end - datetime.datetime.now(datetime.UTC)).total_seconds())
    return {"access_token": answer["accessToken"], "expires_in": seconds, "token_type": "Bearer"}


def _refusal(status: int, message: str) -> str:
    """GKE's own words, which people search for (kubernetes-sigs/external-dns#2064, camunda/camunda#31106)."""
    return (
        f"Unable to generate access token; IAM returned {status} {http.client.responses[status]}: {message}\n"
        "This error could be caused by a missing IAM policy binding on the target IAM service account.\n"
        "For more information, refer to the Workload Identity documentation:\n"
        "\thttps://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#authenticating_to\n\n"
    )


def _post(settings: Settings, path: str, body: dict[str, Any], bearer: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON answer of the stand-in; raises NoTokenError when nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", settings.google_port, timeout=10)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoTokenError(503, f"The Google APIs of the sandbox do not answer: {error}.") from error
    finally:
        connection.close()
