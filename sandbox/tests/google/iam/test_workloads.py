"""Pods as callers: the metadata server gives them tokens, and the stand-in knows these again.  The API server is a table of pods."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests
from cdc_sandbox.google.types import Json
from cdc_sandbox.metadata.server import MetadataServer
from standin_client import PROJECT, StandIn, create_key, free_port, grant, login, new_account

PUBLISH = "pubsub.topics.publish"
POOL = "demo-project.svc.id.goog"
POOL_PATH = f"iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/{POOL}"
PRINCIPAL = f"principal://{POOL_PATH}/subject/ns/debezium/sa/shop"
NAMESPACE = f"principalSet://{POOL_PATH}/namespace/debezium"
MEMBER = f"serviceAccount:{POOL}[debezium/shop]"
TOKEN = "instance/service-accounts/default/token"
ANNOTATION = "iam.gke.io/gcp-service-account"


def pod(address: str, phase: str = "Running", **spec: object) -> Json:
    return {
        "metadata": {"namespace": "debezium", "name": "shop-1"},
        "spec": {"serviceAccountName": "shop", **spec},
        "status": {"phase": phase, "podIP": address},
    }


@dataclass
class Cluster:
    """The API server as far as the metadata server asks it."""

    pods: list[Json] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    down: bool = False

    def ask(self, path: str) -> tuple[int, str]:
        if self.down:
            return 0, ""
        if path.startswith("/api/v1/pods?fieldSelector="):
            name, _, address = unquote(path.partition("fieldSelector=")[2]).partition("=")
            assert name == "status.podIP"
            return 200, json.dumps({"items": [pod for pod in self.pods if pod["status"]["podIP"] == address]})
        assert path == "/api/v1/namespaces/debezium/serviceaccounts/shop"
        return 200, json.dumps({"metadata": {"name": "shop", "annotations": self.annotations}})


@dataclass
class Metadata:
    """A metadata server in the test's process, and what a pod that asks gets."""

    address: str
    port: int
    cluster: Cluster

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
        """Status and body, asked from the address `source`; "Metadata-Flavor: Google" is in every answer."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10, source_address=(source, 0))
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            assert answer.headers["Metadata-Flavor"] == "Google"
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def read(self, path: str, source: str = "127.0.0.1") -> tuple[int, str]:
        """What a library of Google's asks, with the header that it sends."""
        return self.get(f"/computeMetadata/v1/{path}", source, Metadata_Flavor="Google")

    def token(self) -> str:
        status, body = self.read(TOKEN)
        assert status == 200, body
        answer = json.loads(body)
        assert answer["token_type"] == "Bearer"
        assert 3500 < answer["expires_in"] < 3601
        return str(answer["access_token"])


@pytest.fixture
def metadata(standin: StandIn) -> Iterator[Metadata]:
    """The pod debezium/shop-1 has the address 127.0.0.1, where tests ask from."""
    cluster = Cluster([pod("127.0.0.1")])
    settings = replace(standin.settings, node_address="127.0.0.1", metadata_port=free_port())
    server = MetadataServer(settings, cluster.ask)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="metadata")
    thread.start()
    try:
        yield Metadata("127.0.0.1", settings.metadata_port, cluster)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check(standin: StandIn, token: str, *members: str) -> Json:
    """The stand-in's verdict on a publisher, when the topic's policy lets these members publish."""
    policy = {"bindings": [{"role": "roles/pubsub.publisher", "members": list(members)}]} if members else None
    return standin.control("POST", "check", {"token": token, "permission": PUBLISH, "project": "demo-project", "policy": policy})


def set_account_policy(standin: StandIn, email: str, *bindings: Json) -> None:
    path = f"{standin.account}/{email}"
    policy = standin.good("POST", f"{path}:getIamPolicy")
    standin.good("POST", f"{path}:setIamPolicy", {"policy": {**policy, "bindings": list(bindings)}})


@pytest.mark.parametrize("member", [PRINCIPAL, NAMESPACE, MEMBER])
def test_a_pod_may_publish_by_each_name_that_means_it(standin: StandIn, metadata: Metadata, member: str) -> None:
    token = metadata.token()
    assert check(standin, token) == {"status": "denied", "member": PRINCIPAL}
    assert check(standin, token, member) == {"status": "ok", "member": PRINCIPAL}


@pytest.mark.parametrize(
    "member",
    [
        PRINCIPAL.replace("sa/shop", "sa/other"),
        PRINCIPAL.replace("ns/debezium", "ns/other"),
        PRINCIPAL.replace("123456789012", "demo-project"),
        PRINCIPAL.replace(POOL, "other.svc.id.goog"),
        f"principalSet://{POOL_PATH}/namespace/other",
        f"serviceAccount:{POOL}[debezium/other]",
    ],
)
def test_a_name_that_means_somebody_else_lets_no_pod_in(standin: StandIn, metadata: Metadata, member: str) -> None:
    assert check(standin, metadata.token(), member)["status"] == "denied"


def test_a_principal_in_the_projects_policy_counts_and_the_pod_can_call_apis(standin: StandIn, metadata: Metadata) -> None:
    headers = {"Authorization": f"Bearer {metadata.token()}"}
    assert requests.get(standin.url + PROJECT, headers=headers, timeout=10).status_code == 403
    before = standin.good("POST", f"{PROJECT}:getIamPolicy")
    grant(standin, "roles/browser", PRINCIPAL)
    assert requests.get(standin.url + PROJECT, headers=headers, timeout=10).status_code == 200
    bindings = before["bindings"]
    standin.good("POST", f"{PROJECT}:setIamPolicy", {"policy": {"bindings": bindings}})


def test_only_a_pod_that_may_act_as_the_account_gets_its_token(standin: StandIn, metadata: Metadata) -> None:
    email = new_account(standin)
    metadata.cluster.annotations = {ANNOTATION: email}
    status, text = metadata.read(TOKEN)
    assert status == 403
    assert text.startswith(
        "Unable to generate access token; IAM returned 403 Forbidden: "
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).\n"
    )
    others = f"serviceAccount:{POOL}[debezium/other]"
    set_account_policy(standin, email, {"role": "roles/iam.workloadIdentityUser", "members": [others]})
    assert metadata.read(TOKEN)[0] == 403
    set_account_policy(standin, email, {"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]})
    token = metadata.token()
    assert check(standin, token, f"serviceAccount:{email}") == {"status": "ok", "member": f"serviceAccount:{email}"}
    assert check(standin, token, PRINCIPAL)["status"] == "denied", "it acts as the account, no longer as itself"
    set_account_policy(standin, email)
    assert metadata.read(TOKEN)[0] == 403


def test_an_account_that_is_not_there_gives_no_token(metadata: Metadata) -> None:
    metadata.cluster.annotations = {ANNOTATION: "nobody@demo-project.iam.gserviceaccount.com"}
    status, text = metadata.read(TOKEN)
    assert status == 404
    assert "IAM returned 404 Not Found: Not found; Gaia id not found for email nobody@" in text


def test_a_workload_user_of_the_account_is_not_its_owner(standin: StandIn, metadata: Metadata) -> None:
    email = new_account(standin)
    set_account_policy(standin, email, {"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]})
    headers = {"Authorization": f"Bearer {metadata.token()}"}
    made = requests.post(f"{standin.url}{standin.account}/{email}/keys", json={}, headers=headers, timeout=10)
    assert made.status_code == 403


@pytest.mark.parametrize(
    ("pods", "why"),
    [
        ([], "nobody has the address"),
        ([pod("127.0.0.1", hostNetwork=True)], "a pod in the node's network"),
        ([pod("127.0.0.1", phase="Succeeded")], "a pod that ended"),
        ([pod("127.0.0.1"), pod("127.0.0.1")], "two pods with one address"),
    ],
)
def test_who_is_no_pod_of_its_own_network_gets_no_identity(metadata: Metadata, pods: list[Json], why: str) -> None:
    metadata.cluster.pods = pods
    for path in (TOKEN, "instance/service-accounts/default/email", "instance/service-accounts/"):
        assert metadata.read(path) == (403, "No pod of its own network has the address 127.0.0.1."), why


def test_a_pod_is_known_by_its_own_address(metadata: Metadata) -> None:
    metadata.cluster.pods = [pod("127.0.0.2")]
    assert metadata.read(TOKEN, source="127.0.0.1")[0] == 403
    assert metadata.read(TOKEN, source="127.0.0.2")[0] == 200


def test_an_ended_pod_does_not_hide_the_one_that_has_its_address_now(metadata: Metadata) -> None:
    metadata.cluster.pods = [pod("127.0.0.1", phase="Failed"), pod("127.0.0.1")]
    assert metadata.token()


def test_without_the_api_server_nobody_gets_an_identity(metadata: Metadata) -> None:
    metadata.cluster.down = True
    assert metadata.read(TOKEN) == (403, "The API server answered nothing to /api/v1/pods.")
    assert metadata.get("/")[0] == 200


def test_the_header_is_needed_for_all_but_the_first_look(metadata: Metadata) -> None:
    assert metadata.get("/") == (200, "computeMetadata/\n")
    path = f"/computeMetadata/v1/{TOKEN}"
    assert metadata.get(path) == (403, 'Missing required header "Metadata-Flavor": "Google"')
    assert metadata.get(path, Metadata_Flavor="Google", X_Forwarded_For="10.0.0.1")[0] == 403


def test_the_paths_that_libraries_read(metadata: Metadata) -> None:
    email = "shop@demo-project.iam.gserviceaccount.com"
    assert metadata.read("project/project-id") == (200, "demo-project")
    assert metadata.read("project/numeric-project-id") == (200, "123456789012")
    assert metadata.read("instance/service-accounts/") == (200, f"default/\n{POOL}/\n")
    assert metadata.read("instance/service-accounts/default/email") == (200, POOL)
    metadata.cluster.annotations = {ANNOTATION: email}
    assert metadata.read("instance/service-accounts/default/email") == (200, email)
    assert metadata.read(f"instance/service-accounts/{email}/aliases") == (200, "default\n")
    assert "cloud-platform" in metadata.read("instance/service-accounts/default/scopes")[1]
    assert json.loads(metadata.read("instance/service-accounts/default/?recursive=true")[1])["email"] == email
    for path in ("instance/service-accounts/other/token", "instance/service-accounts/default/passwords", "instance/name"):
        assert metadata.read(path)[0] == 404


def test_google_auth_logs_in_as_the_pod(standin: StandIn, metadata: Metadata, tmp_path: Path) -> None:
    program = (
        "import google.auth, google.auth.transport.requests as transport\n"
        "credentials, project = google.auth.default(scopes=['https://www.googleapis.com/auth/cloud-platform'])\n"
        "credentials.refresh(transport.Request())\n"
        "print(project, credentials.service_account_email, credentials.token)\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE_", "CLOUDSDK_"))}
    environment.pop("NO_GCE_CHECK", None)
    # Python's library looks at the second one to find out whether there is a metadata server at all.
    environment |= dict.fromkeys(("GCE_METADATA_HOST", "GCE_METADATA_IP"), f"{metadata.address}:{metadata.port}")
    environment |= {"CLOUDSDK_CONFIG": str(tmp_path), "HOME": str(tmp_path), "NO_PROXY": "*"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    project, email, token = done.stdout.split()
    assert (project, email) == ("demo-project", POOL)
    assert check(standin, token, PRINCIPAL)["status"] == "ok"


def test_the_token_of_a_pod_is_kept_as_a_digest_and_ends(standin: StandIn, metadata: Metadata) -> None:
    token = metadata.token()
    kept = (standin.settings.state / "google" / "tokens.json").read_text()
    assert token not in kept
    with standin.context.state.changing("tokens") as data:
        for entry in data.values():
            entry["expires"] = 0 if entry.get("principals") else entry["expires"]
    assert check(standin, token, PRINCIPAL) == {"status": "unauthenticated"}


def test_the_workload_token_endpoint_wants_both_names(standin: StandIn) -> None:
    answer = requests.post(f"{standin.url}/_sandbox/workload_token", json={"namespace": "debezium"}, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": "service_account is required"})


def test_an_account_with_a_key_is_no_pod(standin: StandIn) -> None:
    email = new_account(standin)
    session = login(create_key(standin, email))
    assert standin.call("GET", PROJECT, session=session).status_code == 403
    assert check(standin, session.credentials.token, PRINCIPAL, NAMESPACE, MEMBER)["status"] == "denied"
