"""The paths of the metadata server, each answered for the pod that asks.

Paths and headers: cloud.google.com/compute/docs/metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .. import health
from ..google.iam import workloads as google_workloads
from ..settings import Settings
from . import credentials, workloads
from .credentials import NoTokenError
from .workloads import Ask, UnknownCallerError, Workload

FLAVOR = "Metadata-Flavor"
ROOT = "/computeMetadata/v1/"
ACCOUNTS = f"{ROOT}instance/service-accounts/"

Query = dict[str, list[str]]
Answer = tuple[str, str]
"""Body and content type."""

TEXT = "application/text"
JSON = "application/json"


class MetadataServer(ThreadingHTTPServer):
    """Listens on the node's address.  ask: reads from the API server."""

    daemon_threads = True

    def __init__(self, settings: Settings, ask: Ask) -> None:
        super().__init__((settings.node_address, settings.metadata_port), _Handler)
        self.settings = settings
        self.ask = ask


class _Handler(BaseHTTPRequestHandler):
    server: MetadataServer
    server_version = "Metadata Server for VM"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Answer one request, and write it into the log with the pod that asked."""
        url = urlsplit(self.path)
        self._caller: Workload | None = None
        try:
            status, (body, kind) = 200, self._respond(url.path, parse_qs(url.query))
        except _RefusedError as error:
            status, body, kind = error.status, str(error), TEXT
        except UnknownCallerError as error:
            status, body, kind = 403, str(error), TEXT
        except NoTokenError as error:
            status, body, kind = error.status, str(error), TEXT
        if url.path != health.PATH:
            who = f"{self._caller.namespace}/{self._caller.service_account}" if self._caller else "-"
            reason = "" if status == 200 else f" {body.splitlines()[0]}"
            print(f"{self.client_address[0]} {who} GET {self.path} {status}{reason}", flush=True)
        encoded = body.encode()
        self.send_response(status)
        self.send_header(FLAVOR, "Google")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """do_GET writes the log."""

    def _respond(self, path: str, query: Query) -> Answer:
        if path == health.PATH:
            return json.dumps({"status": "ok", "state": str(self.server.settings.state)}), JSON
        if path == "/":  # How libraries find out that there is a metadata server; the header of the answer is what they look at.
            return "computeMetadata/\n", TEXT
        if self.headers.get(FLAVOR) != "Google":
            raise _RefusedError(403, f'Missing required header "{FLAVOR}": "Google"')
        if self.headers.get("X-Forwarded-For"):
            raise _RefusedError(403, "A request that was forwarded is not answered.")
        if path == f"{ROOT}project/project-id":
            return self.server.settings.project, TEXT
        if path == f"{ROOT}project/numeric-project-id":
            return self.server.settings.project_number, TEXT
        self._caller = workloads.find(self.server.ask, self.client_address[0])
        email = self._caller.google_account or google_workloads.pool(self.server.settings)
        if path == ACCOUNTS:
            return f"default/\n{email}/\n", TEXT
        account, _, leaf = path.removeprefix(ACCOUNTS).partition("/")
        if path.startswith(ACCOUNTS) and account in ("default", email) and leaf in _LEAVES:
            return _LEAVES[leaf](self.server.settings, self._caller, email, query)
        raise _RefusedError(404, f"There is no {path}.")


class _RefusedError(Exception):
    """status: HTTP status code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _folder(settings: Settings, workload: Workload, email: str, query: Query) -> Answer:
    if query.get("recursive") == ["true"]:
        return json.dumps({"aliases": ["default"], "email": email, "scopes": list(credentials.SCOPES)}), JSON
    return "".join(f"{leaf}\n" for leaf in sorted(_LEAVES) if leaf), TEXT


def _aliases(settings: Settings, workload: Workload, email: str, query: Query) -> Answer:
    return "default\n", TEXT


def _email(settings: Settings, workload: Workload, email: str, query: Query) -> Answer:
    return email, TEXT


def _scopes(settings: Settings, workload: Workload, email: str, query: Query) -> Answer:
    return "".join(f"{scope}\n" for scope in credentials.SCOPES), TEXT


def _token(settings: Settings, workload: Workload, email: str, query: Query) -> Answer:
    scopes = [scope for value in query.get("scopes", []) for scope in value.split(",") if scope]
    return json.dumps(credentials.token(settings, workload, scopes or credentials.SCOPES)), JSON


_LEAVES: dict[str, Callable[[Settings, Workload, str, Query], Answer]] = {
    "": _folder,
    "aliases": _aliases,
    "email": _email,
    "scopes": _scopes,
    "token": _token,
}
"""What there is below a service account, by name."""
