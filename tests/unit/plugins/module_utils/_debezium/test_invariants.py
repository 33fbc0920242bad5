# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties that would lose events or break the pipeline are refused by name, with the reason."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import properties
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

from .test_properties import pipeline

SOURCE = "debezium.source."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("topic.prefix", "x", "set topic_prefix of the pipeline"),
        ("slot.name", "x", "set slot_name of the pipeline"),
        ("publication.name", "x", "set publication of the pipeline"),
        ("table.include.list", None, "set tables of the pipeline"),
        ("table.exclude.list", "public.a", "it would drop changes of captured tables"),
        ("schema.include.list", "public", "it would drop changes of captured tables"),
        ("database.hostname", "10.0.0.4", "set database_host of the pipeline"),
        ("database.port", 5433, "set database_port of the pipeline"),
        ("database.dbname", "other", "set database_name of the pipeline"),
        ("name", "other", "a changed one means a new snapshot"),
        ("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore", "takes a new snapshot"),
        ("offset.storage.file.filename", "/tmp/offsets", "takes a new snapshot"),
        ("offset.storage.jdbc.connection.url", "jdbc:postgresql://x/y", "takes a new snapshot"),
        ("offset.storage.jdbc.url", "jdbc:postgresql://x/y", "takes a new snapshot"),
        ("offset.storage.jdbc.table.name", "t", "takes a new snapshot"),
        ("offset.storage.jdbc.offset.table.name", "t", "takes a new snapshot"),
        ("offset.storage.jdbc.table.select", None, "takes a new snapshot"),
        ("offset.mismatch.strategy", "trust_slot", "skip in silence"),
        ("offset.mismatch.strategy", "TRUST_GREATER_LSN ", "skip in silence"),
        ("internal.slot.seek.to.known.offset.on.start", True, "skip in silence"),
        ("slot.drop.on.stop", True, "each restart would lose"),
        ("slot.drop.on.stop", " True", "each restart would lose"),
        ("slot.drop_on_stop", "true", "each restart would lose"),
        ("snapshot.mode", "always", "set snapshot_mode of the pipeline"),
        ("publication.autocreate.mode", "filtered", "breaks the application's UPDATE"),
        ("publication.autocreate.mode", None, "breaks the application's UPDATE"),
        ("heartbeat.interval.ms", 0, "keeps write-ahead log for ever"),
        ("heartbeat.interval.ms", None, "keeps write-ahead log for ever"),
        ("heartbeat.interval.ms", "-1", "keeps write-ahead log for ever"),
        ("lsn.flush.mode", "manual", "keeps write-ahead log for ever"),
        ("flush.lsn.source", False, "keeps write-ahead log for ever"),
        ("topic.heartbeat.name", "x", "set heartbeat_topic of the pipeline"),
        ("topic.heartbeat.prefix", "x", "set heartbeat_topic of the pipeline"),
        ("topic.delimiter", "-", "a missing topic ends the process"),
        ("tombstones.on.delete", "true", "Pub/Sub refuses the empty message"),
        ("event.processing.failure.handling.mode", "skip", "use warn"),
    ],
)
def test_a_property_that_breaks_an_invariant_is_refused(name: str, value: t.Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(SOURCE + name) + " cannot be .*" + re.escape(said)):
        properties(pipeline(), {SOURCE + name: value})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("debezium.sink.type", "always ends in Pub/Sub"),
        ("debezium.source.slot.name ", "has blanks around it"),
        (" debezium.source.slot.name", "has blanks around it"),
        ("%prod.debezium.source.slot.name", "set the property without the profile"),
        ("DEBEZIUM_SOURCE_SLOT_NAME", "is not a full property name"),
        ("quarkus.config.locations", "would outrank these properties"),
        ("quarkus.profile", "would outrank these properties"),
        ("quarkus.debezium.slot.name", "is the one to set"),
    ],
)
def test_other_spellings_of_a_property_are_refused(name: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        properties(pipeline(), {name: "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slot.drop.on.stop", False),
        ("heartbeat.interval.ms", 60000),
        ("offset.mismatch.strategy", "no_validation"),
        ("publication.autocreate.mode", "disabled"),
        ("offset.flush.interval.ms", 1000),
        ("offset.storage.jdbc.connection.user", "offsets"),
        ("offset.storage.jdbc.connection.retry.max.attempts", 9),
        ("skipped.operations", "t"),
        ("event.processing.failure.handling.mode", "warn"),
        ("column.exclude.list", "public.mytable.secret"),
        ("provide.transaction.metadata", True),
    ],
)
def test_harmless_values_are_taken(name: str, value: t.Any) -> None:
    assert SOURCE + name in properties(pipeline(), {SOURCE + name: value})


def test_transactions_have_no_topic_of_their_own_with_one_topic_a_table() -> None:
    with pytest.raises(InvalidInput, match="there is none for transactions"):
        properties(pipeline(topic=None), {"debezium.source.provide.transaction.metadata": True})


def test_a_value_that_only_the_pod_knows_is_refused_where_a_value_may_be_wrong() -> None:
    with pytest.raises(InvalidInput, match="cannot be an expression"):
        properties(pipeline(), expressions={"debezium.source.slot.drop.on.stop": "${DROP}"})
    with pytest.raises(InvalidInput, match="put it into the literal properties"):
        properties(pipeline(), expressions={"debezium.transforms": "${LIST}"})


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        properties(pipeline(), {"debezium.source.slot.name": "x", "debezium.source.tombstones.on.delete": True})
    assert len(raised.value.details["problems"]) == 2
