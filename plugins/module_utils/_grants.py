# SPDX-License-Identifier: GPL-3.0-or-later
"""Which system keeps the IAM policy that a grant goes into.  PRIVATE to the collection.

Beside the packages of the systems: it is the one place that knows both IAM's policies and Pub/Sub's.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ._gcp.client import Client
from ._gcp.options import GcpOptions
from ._iam.member import Member, PolicyStore
from ._iam.policies import account_policy, project_policy
from ._pubsub.gateway import PubSub
from ._pubsub.policies import PubSubPolicy


def member(params: Mapping[str, t.Any], client: Client | None = None, server: PubSub | None = None) -> Member:
    """The grant that the parameters of iam_member describe, on the policy that they name.

    client, server: gateways that exist already; the one that is not needed is not made.
    """
    options = GcpOptions.from_params(params)
    kind = params["resource_type"]
    store: PolicyStore
    if kind in ("topic", "subscription"):
        server = server or PubSub(options)
        store, clock = PubSubPolicy(kind, params["resource"], server), server.clock
    else:
        client = client or Client(options)
        clock = client.clock
        if kind == "project":
            store = project_policy(client, params["resource"] or options.project)
        else:
            store = account_policy(client, params["resource"])
    return Member(store, params, options.retry_timeout, clock)
