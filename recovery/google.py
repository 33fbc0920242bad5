# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's side of a pipeline: topics, grants, keys and the faults that the sandbox's servers can be told to have."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.e2e.world import World, until

PUBLISHER = "roles/pubsub.publisher"


class Google:
    """names: of the pipeline."""

    def __init__(self, world: World, names: dict[str, t.Any]) -> None:
        self._world, self._names = world, names
        self.topic = str(names["cdc_change_topics"][0])
        self.heartbeat_topic = str(names["cdc_heartbeat_topic"])

    # Topics

    def delete_topic(self, topic: str) -> None:
        """Delete a topic, and see that it is gone."""
        self._world.pubsub("DELETE", f"topics/{topic}").raise_for_status()
        assert self._world.pubsub("GET", f"topics/{topic}").status_code == 404

    def revoke_publisher(self) -> None:
        """Take the publisher's role on the topic of changes from whoever has it."""
        policy = self.policy(self.topic)
        policy["bindings"] = [binding for binding in policy["bindings"] if binding["role"] != PUBLISHER]
        self._world.pubsub("POST", f"topics/{self.topic}:setIamPolicy", json={"policy": policy}).raise_for_status()

    def policy(self, topic: str) -> t.Any:
        return self._world.pubsub("GET", f"topics/{topic}:getIamPolicy").json()

    def policies(self) -> dict[str, t.Any]:
        found = self._world.pubsub("GET", "topics").json().get("topics", [])
        return {topic["name"]: self.policy(topic["name"].rpartition("/")[2]) for topic in found}

    @contextmanager
    def refused(self, code: str, topic: str) -> Iterator[None]:
        """Do something, and wait until the pod is refused with this code when it publishes to the topic."""
        self._pubsub("requests", "DELETE")
        yield
        until(lambda: code in self._codes(topic), 180, f"a publisher to {topic} is refused with {code}")

    def _codes(self, topic: str) -> set[str]:
        log = self._world.pubsub_log()
        return {entry["code"] for entry in log if entry["method"].endswith("/Publish") and entry["resource"].endswith(topic)}

    @contextmanager
    def pubsub_fault(self, name: str, count: int) -> Iterator[None]:
        """Each of the next `count` calls of Publish has the fault; see to it that all have happened."""
        self._pubsub("faults", "POST", {"name": name, "method": "Publish", "count": count})
        try:
            yield
            until(lambda: not self._pubsub("faults")["on"], 180, f"fault {name} has happened {count} times")
        finally:
            self._pubsub("faults", "DELETE")

    def _pubsub(self, path: str, method: str = "GET", body: t.Any = None) -> t.Any:
        url = f"http://{self._world.settings.pubsub_plain_endpoint}/_sandbox/{path}"
        answer = requests.request(method, url, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    # Keys and tokens

    def keys(self) -> list[str]:
        """Names of the user-managed keys of the pipeline's service account."""
        found = self._world.google().get(f"{self._account}/keys", params={"keyTypes": "USER_MANAGED"}, timeout=30)
        return [str(key["name"]) for key in found.json().get("keys", [])]

    def delete_keys(self) -> None:
        """Delete every user-managed key, and see that there is none left."""
        for key in self.keys():
            self._world.google().delete(f"{self._world.settings.google_endpoint}/v1/{key}", timeout=30).raise_for_status()
        assert not self.keys()

    @property
    def _account(self) -> str:
        settings = self._world.settings
        return f"{settings.google_endpoint}/v1/projects/{settings.project}/serviceAccounts/{self._names['cdc_service_account_email']}"

    @contextmanager
    def no_tokens(self) -> Iterator[None]:
        """The token endpoint answers 503 while the block runs; see to it that somebody was refused a token."""
        self._world.control("faults", "POST", json={"name": "unavailable", "method": "token", "count": -1})
        try:
            yield
            until(lambda: any(fault["fired"] for fault in self._world.control("faults")["on"]), 120, "a token was refused")
        finally:
            self._world.control("faults", "DELETE")

    # Cloud SQL

    def restart_instance(self) -> None:
        """Restart the instance as the console does."""
        self._sql("POST", "/restart")

    def set_password(self, user: str, password: str) -> None:
        """Change a user's password as the console does."""
        self._sql("PUT", "/users", params={"name": user}, json={"name": user, "password": password})

    def _sql(self, method: str, path: str, **rest: t.Any) -> None:
        settings = self._world.settings
        url = f"{settings.google_endpoint}/sql/v1beta4/projects/{settings.project}"
        answer = self._world.google().request(method, f"{url}/instances/{self._names['cdc_instance']}{path}", timeout=60, **rest)
        answer.raise_for_status()
        operation = f"{url}/operations/{answer.json()['name']}"
        until(lambda: self._world.google().get(operation, timeout=30).json()["status"] == "DONE", 120, "the operation is done")
