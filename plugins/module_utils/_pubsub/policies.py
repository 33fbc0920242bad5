# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM policy of a topic or subscription, in the form that `_gcp.policy` edits.  PRIVATE to the collection.

Pub/Sub's policies have bindings, etag and version only; there is no update mask.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.policy import POLICY_VERSION
from .gateway import PubSub, PubSubError
from .values import Kind, full_name

try:
    from google.iam.v1.policy_pb2 import Policy as PolicyMessage
    from google.protobuf import json_format
except ImportError:
    pass  # gateway.PUBSUB tells the user: both come with google-cloud-pubsub.


class PubSubPolicy:
    """The policy of one topic or subscription.

    title: names the resource in messages: "topic changes".
    """

    def __init__(self, kind: Kind, resource: str, server: PubSub) -> None:
        self.server = server
        self.name = full_name("resource", resource, kind, server.options.project)
        self.title = f"{kind} {self.name.rsplit('/', 1)[1]}"
        self._permissions = f"pubsub.{kind}s"

    def read(self) -> Mapping[str, t.Any] | None:
        """The policy at version 3 with its etag, or None when the resource does not exist."""
        request = {"resource": self.name, "options": {"requested_policy_version": POLICY_VERSION}}
        try:
            answer = self._call("Reading", "getIamPolicy", "get_iam_policy", request)
        except PubSubError as error:
            if error.code != "NOT_FOUND":
                raise
            return None
        return dict(json_format.MessageToDict(answer))

    def write(self, policy: Mapping[str, t.Any]) -> None:
        request = {"resource": self.name, "policy": json_format.ParseDict(dict(policy), PolicyMessage())}
        self._call("Setting", "setIamPolicy", "set_iam_policy", request)

    def conflict(self, error: Exception) -> bool:
        """Whether `error` is a lost race: another writer was faster."""
        return isinstance(error, PubSubError) and error.code == "ABORTED"

    def unknown_member(self, error: Exception) -> bool:
        """Whether `error` says that the member's account does not exist, which also happens for minutes after its creation."""
        return isinstance(error, PubSubError) and error.code == "INVALID_ARGUMENT" and "does not exist" in error.server_message

    def _call(self, verb: str, permission: str, method: str, request: Mapping[str, t.Any]) -> t.Any:
        return self.server.call(
            f"{verb} the IAM policy of {self.title}", f"{self._permissions}.{permission} on {self.name}", "publisher", method, request
        )
