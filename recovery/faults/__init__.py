# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults, in the order in which they are injected: each is a function whose documentation says what it stands for.

A fault proves that it has happened and comes back when the documented recovery is under way.  Rollouts are between those that end the
process, for the kubelet's back-off of a container grows with its restarts.
"""

from __future__ import annotations

from collections.abc import Callable

from ..pipeline import Pipeline, Recovery
from . import google, guards, pods, postgresql, runs

Fault = Callable[[Pipeline], Recovery]

FAULTS: tuple[Fault, ...] = (
    pods.java_killed,
    pods.rollout,
    pods.deletion_in_copy,
    pods.rollout_in_copy,
    pods.kill_in_copy,
    pods.deletion_in_transaction,
    pods.pod_deleted,
    pods.pod_deleted_by_force,
    pods.pod_evicted,
    pods.replica_set_deleted,
    pods.deployment_deleted,
    pods.secrets_deleted,
    pods.kubelet_killed,
    pods.containerd_killed,
    pods.control_plane_killed,
    pods.java_hangs,
    postgresql.walsender_stopped,
    postgresql.walsender_terminated,
    postgresql.backend_killed,
    postgresql.instance_restarted,
    postgresql.server_killed,
    postgresql.database_unreachable,
    postgresql.password_changed,
    runs.two_sites,
    postgresql.select_revoked,
    postgresql.offset_grants_revoked,
    postgresql.offset_table_dropped,
    google.publish_unavailable,
    google.publish_answers_lost,
    google.pubsub_hangs,
    google.pubsub_unreachable,
    google.token_endpoint_unavailable,
    google.binding_revoked,
    google.key_deleted,
    google.topic_deleted,
    runs.site_killed,
    google.heartbeat_topic_deleted,
    guards.offset_table_dropped_and_pod_deleted,
    guards.offsets_emptied,
    guards.publication_dropped,
    guards.slot_dropped,
    guards.slot_lost,
)


def name(fault: Fault) -> str:
    return fault.__name__


def chosen(names: str) -> tuple[Fault, ...]:
    """The faults of a list of names with commas, in the order of the list; all when it is empty.  Raises ValueError."""
    wanted = [each.strip() for each in names.split(",") if each.strip()]
    known = {name(fault): fault for fault in FAULTS}
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise ValueError(f"no fault is called {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(known[each] for each in wanted) or FAULTS
