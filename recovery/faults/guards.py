# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that end the stream for good, or would lose events if site.yml just went on: it must refuse first, and then do what it is told."""

from __future__ import annotations

from psycopg import sql

from tests.e2e.world import until

from ..pipeline import RESNAPSHOT, RESUME, Pipeline, Recovery
from ..pod import gone


def offset_table_dropped_and_pod_deleted(pipeline: Pipeline) -> Recovery:
    """The table of the offsets is dropped and the pod restarts: without offsets Debezium would take a new snapshot, silently."""
    uid, pid = pipeline.pod.uid, pipeline.pod.java()
    pipeline.database.drop_offset_table()
    pipeline.pod.kubectl("delete", "pod", pipeline.pod.name, "--force", "--grace-period=0")
    pipeline.pod.replaced(uid)
    gone(pid)
    pipeline.database.idle()
    return _resume(pipeline)


def offsets_emptied(pipeline: Pipeline) -> Recovery:
    """The Deployment is gone and the offsets are deleted, while the slot stands."""
    pipeline.pod.delete_deployment()
    pipeline.database.idle()
    pipeline.database.query(sql.SQL("DELETE FROM {}").format(pipeline.database.offset_table))
    return _resume(pipeline)


def publication_dropped(pipeline: Pipeline) -> Recovery:
    """The publication is dropped. A new one does not help: the slot needs it at the position where it stands."""
    pipeline.database.query(sql.SQL("DROP PUBLICATION {}").format(sql.Identifier(pipeline.names["cdc_publication"])))
    pipeline.hold(5)
    return _resnapshot(pipeline)


def slot_dropped(pipeline: Pipeline) -> Recovery:
    """The replication slot is dropped under a healthy pipeline."""
    pipeline.database.query("SELECT pg_terminate_backend(%s)", pipeline.database.walsender())
    pipeline.database.idle()
    pipeline.database.query("SELECT pg_drop_replication_slot(%s)", pipeline.names["cdc_slot_name"])
    assert pipeline.database.slot() is None
    return _resnapshot(pipeline)


def slot_lost(pipeline: Pipeline) -> Recovery:
    """The slot's log is removed, for it is over max_slot_wal_keep_size (risingwave#25993, rocicorp/mono#6590)."""
    database = pipeline.database
    pipeline.pod.kubectl("scale", "deployment", pipeline.names["cdc_deployment"], "--replicas=0")
    database.idle()
    database.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    try:
        database.query("SELECT pg_reload_conf()")

        def lost() -> bool:
            database.query("SELECT pg_switch_wal()")
            database.query("CHECKPOINT")
            slot = database.slot()
            return slot is not None and slot.wal_status == "lost"

        until(lost, 60, "the slot is lost")
    finally:
        database.query("ALTER SYSTEM RESET max_slot_wal_keep_size")
        database.query("SELECT pg_reload_conf()")
    return _resnapshot(pipeline)


def _resume(pipeline: Pipeline) -> Recovery:
    """The slot stands, so nothing is lost when Debezium goes on where it is."""
    said = pipeline.refused()
    pipeline.site(cdc_recovery=RESUME)
    return Recovery(f"site.yml, cdc_recovery={RESUME}", refused=said)


def _resnapshot(pipeline: Pipeline) -> Recovery:
    """What was between the slot and the snapshot cannot be told; every row that is there can."""
    said = pipeline.refused()
    pipeline.site(cdc_recovery=RESNAPSHOT)
    return Recovery(f"site.yml, cdc_recovery={RESNAPSHOT}", refused=said, snapshot=True)
