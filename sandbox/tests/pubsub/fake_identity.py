"""A fake of the stand-in's IAM, for the Pub/Sub server's two questions: who holds a token and may he, and who does not exist."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeIdentity:
    """A token is its holder's member name.  `owners` may do everything, others what the resource's policy binds to them."""

    def __init__(self) -> None:
        self.owners = {"serviceAccount:owner@demo"}
        self.missing: set[str] = set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(fake.check(asked) if self.path == "/_sandbox/check" else fake.members(asked)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="fake identity")
        self._thread.start()

    def check(self, asked: dict[str, Any]) -> dict[str, str]:
        """Answer `POST /_sandbox/check`."""
        member = asked["token"]
        if not member.startswith("serviceAccount:"):
            return {"status": "unauthenticated"}
        bindings = (asked["policy"] or {}).get("bindings", [])
        allowed = member in self.owners or any(member in binding["members"] for binding in bindings)
        return {"status": "ok" if allowed else "denied", "member": member}

    def members(self, asked: dict[str, Any]) -> dict[str, list[str]]:
        """Answer `POST /_sandbox/members`."""
        return {"missing": [member for member in asked["members"] if member in self.missing]}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
