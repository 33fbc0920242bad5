# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream whose slot, publication or offsets are gone: refused before anything changes, and brought back as the user says."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

from ..world import PASSWORDS, Run, Subscription, World, names, until

pytestmark = pytest.mark.timeout(900)

NAME = "lost-demo"
IN_SQL = "lost_demo"
SLOT = f"debezium_{IN_SQL}"


@pytest.fixture(scope="module")
def changes(world: World, stops_at_the_end: Callable[[str], None]) -> Subscription:
    """A pipeline that streams, and its events."""
    stops_at_the_end(NAME)
    site(world)
    world.create_table(NAME)
    site(world)
    made = Subscription(world, "e2e-lost", f"{NAME}.changes")
    world.insert(NAME, "before")
    made.wait(lambda events: "before" in names(events))
    return made


def site(world: World, **variables: t.Any) -> Run:
    return world.site(variables={"cdc_name": NAME, **variables})


def refused(world: World, *words: str) -> None:
    """A run that refuses, says so, and has written nothing to any system."""
    before = state(world)
    world.control("requests", "DELETE")
    run = world.playbook("site.yml", variables={"cdc_name": NAME})
    assert (run.code != 0, run.recap["changed"], world.writes()) == (True, 0, []), run.output[-3000:]
    assert state(world) == before
    said = " ".join(run.output.split())
    for word in (f"Pipeline {NAME}, slot {SLOT}:", *words):
        assert word in said, run.output[-3000:]


def state(world: World) -> t.Any:
    """Publications, slots, Debezium's tables and the Deployment's generation."""
    with world.application(NAME) as connection:
        found = connection.execute(
            "SELECT ARRAY(SELECT pubname::text FROM pg_publication), ARRAY(SELECT slot_name::text FROM pg_replication_slots ORDER BY 1),"
            " ARRAY(SELECT tablename::text FROM pg_tables WHERE schemaname = 'debezium' ORDER BY 1)"
        ).fetchone()
    deployment = world.kubectl("get", "deployment", f"{NAME}-debezium", "--namespace", "debezium", "--output", "json")
    return found, deployment["metadata"]["generation"]


def stop(world: World) -> None:
    """Somebody scales the Deployment down; the slot has no reader then."""
    world.kubectl("scale", "deployment", f"{NAME}-debezium", "--namespace", "debezium", "--replicas=0")
    until(lambda: not [pod for pod in world.pods() if pod["metadata"]["labels"]["parent"] == NAME], 90, "the pod is gone")
    with world.application(NAME) as connection:

        def unread() -> bool:
            row = connection.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [SLOT]).fetchone()
            return row == (False,)

        until(unread, 90, "the slot has no reader")


def execute(world: World, *statements: t.LiteralString) -> None:
    with world.application(NAME) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(world: World) -> set[str]:
    with world.application(NAME) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM public.mytable").fetchall()}


def test_offsets_that_are_gone_are_refused_and_resumed_from_the_slot_without_a_loss(world: World, changes: Subscription) -> None:
    """With a new snapshot, nobody would tell of the row that came and went."""
    stop(world)
    execute(world, "DROP TABLE debezium.offsets_lost_demo")
    world.insert(NAME, "came and went", "stays")
    execute(world, "DELETE FROM public.mytable WHERE name = 'came and went'")
    refused(world, "the offsets are gone", "cdc_recovery: resume")
    site(world, cdc_recovery="resume")
    changes.wait(lambda events: {"came and went", "stays"} <= names(events) and "d" in {event["op"] for event in events})
    assert {event["op"] for event in changes.events} == {"c", "d"}, "no row was read again"
    site(world)
    assert site(world).changed() == []


def test_a_dropped_publication_is_refused_and_given_up_only_on_purpose(world: World, changes: Subscription) -> None:
    execute(world, "DROP PUBLICATION debezium_lost_demo")
    world.insert(NAME, "unpublished")
    refused(world, "the publication does not", "cdc_recovery: resnapshot")
    seen = len(changes.events)
    site(world, cdc_recovery="resnapshot")
    changes.wait(lambda events: rows(world) <= names(events[seen:]))
    assert site(world).changed() == []


def test_a_dropped_slot_is_refused_and_given_up_only_on_purpose(world: World, changes: Subscription) -> None:
    stop(world)
    drop_slot(world)
    world.insert(NAME, "without a slot")
    refused(world, "Offsets exist, but the replication slot does not", "cdc_recovery: resnapshot")
    seen = len(changes.events)
    site(world, cdc_recovery="resnapshot")
    changes.wait(lambda events: rows(world) <= names(events[seen:]))
    assert site(world).changed() == []


def test_slot_and_offsets_that_are_both_gone_are_no_first_start(world: World, changes: Subscription) -> None:
    stop(world)
    drop_slot(world)
    execute(world, "DELETE FROM debezium.offsets_lost_demo")
    refused(world, "has streamed before")
    site(world, cdc_recovery="resnapshot")
    world.insert(NAME, "after all")
    changes.wait(lambda events: "after all" in names(events))


def drop_slot(world: World) -> None:
    """As the replication user, who has REPLICATION."""
    with world.application(NAME, PASSWORDS["CDC_REPLICATION_PASSWORD"], SLOT) as connection:
        connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
