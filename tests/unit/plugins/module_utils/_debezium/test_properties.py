# SPDX-License-Identifier: GPL-3.0-or-later
"""Debezium Server's properties: what is in them, and that Java and SmallRye read back what was meant."""

from __future__ import annotations

import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.escape import Expression, render, smallrye_value
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import properties, reasons
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.stream import Stream
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

REQUIRED: dict[str, t.Any] = {
    "topic_prefix": "demo",
    "project": "my-project",
    "database_host": "10.0.0.3",
    "database_name": "shop",
    "tables": ["public.mytable"],
    "slot_name": "debezium_demo",
    "publication": "dbz_publication",
    "heartbeat_topic": "demo-cdc-heartbeat",
}

# The file that ran in the real server, in its own spelling of values (after Java and SmallRye have read them).
PROVEN = r"""
debezium.sink.type=pubsub
debezium.sink.pubsub.project.id=my-project
debezium.sink.pubsub.ordering.enabled=true
debezium.sink.pubsub.concurrency.threads=1
debezium.sink.pubsub.batch.delay.threshold.ms=5
debezium.sink.pubsub.retry.max.delay.ms=60000
debezium.sink.pubsub.wait.message.delivery.timeout.ms=120000
debezium.source.connector.class=io.debezium.connector.postgresql.PostgresConnector
debezium.source.plugin.name=pgoutput
debezium.source.database.hostname=10.0.0.3
debezium.source.database.port=5432
debezium.source.database.dbname=shop
debezium.source.database.user=${PG_USER}
debezium.source.database.password=${PG_PASSWORD}
debezium.source.database.sslmode=verify-ca
debezium.source.database.sslrootcert=/debezium/external/db/server-ca.pem
debezium.source.topic.prefix=demo
debezium.source.slot.name=debezium_demo
debezium.source.slot.drop.on.stop=false
debezium.source.publication.name=dbz_publication
debezium.source.publication.autocreate.mode=disabled
debezium.source.table.include.list=(?-i)public\.mytable
debezium.source.snapshot.mode=initial
debezium.source.snapshot.fetch.size=20
debezium.source.max.queue.size.in.bytes=32000000
debezium.source.skipped.operations=none
debezium.source.decimal.handling.mode=string
debezium.source.poll.interval.ms=50
debezium.source.extended.headers.enabled=false
debezium.source.errors.max.retries=0
debezium.source.heartbeat.interval.ms=10000
debezium.source.heartbeat.action.query=SELECT pg_logical_emit_message(false, 'heartbeat', now()::varchar)
debezium.source.message.prefix.exclude.list=heartbeat
debezium.source.topic.heartbeat.name=demo-cdc-heartbeat
debezium.source.offset.storage=io.debezium.storage.jdbc.offset.JdbcOffsetBackingStore
debezium.source.offset.storage.jdbc.connection.url=jdbc:postgresql://10.0.0.3:5432/shop?currentSchema=debezium&sslmode=verify-ca&sslrootcert=/debezium/external/db/server-ca.pem
debezium.source.offset.storage.jdbc.connection.user=${PG_USER}
debezium.source.offset.storage.jdbc.connection.password=${PG_PASSWORD}
debezium.source.offset.storage.jdbc.table.name=debezium_offset_storage
debezium.source.offset.storage.jdbc.table.select=SELECT id, offset_key, CASE WHEN EXISTS (SELECT 1 FROM pg_replication_slots s WHERE s.slot_name = 'debezium_demo' AND (s.confirmed_flush_lsn - '0/0'::pg_lsn) <= (offset_val::jsonb->>'lsn_proc')::numeric) THEN (offset_val::jsonb - 'lsn_proc' - 'lsn_commit')::text ELSE offset_val END AS offset_val FROM %s ORDER BY record_insert_ts, record_insert_seq
debezium.source.offset.flush.interval.ms=0
debezium.format.schemas.enable=false
debezium.format.header.class=org.apache.kafka.connect.storage.StringConverter
debezium.transforms=reroute
debezium.transforms.reroute.type=org.apache.kafka.connect.transforms.RegexRouter
debezium.transforms.reroute.regex=demo\..*
debezium.transforms.reroute.replacement=demo-cdc
quarkus.log.level=INFO
"""  # noqa: E501 - a line of the file is a line


def pipeline(**changes: t.Any) -> Stream:
    return Stream.from_dict({**REQUIRED, "topic": "demo-cdc", **changes})


def parse(text: str) -> dict[str, str]:
    """A reader of java.util.Properties' format ("load"), written from its specification, that accepts only what this project writes.

    No comments, no continuation lines, `=` between name and value.
    """
    assert text.isascii()
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"((?:\\u[0-9A-F]{4}|\\[^u]|[^\\=:\s])+)=((?:\\u[0-9A-F]{4}|\\[^u]|[^\\])*)", line)
        assert match, line
        name, value = (_unescape(part) for part in match.groups())
        assert name not in found
        found[name] = value
    return found


def _unescape(text: str) -> str:
    assert not text.startswith((" ", "\t", "\f"))
    named = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
    pieces = re.sub(
        r"\\(?:u([0-9A-F]{4})|(.))", lambda m: chr(int(m.group(1), 16)) if m.group(1) else named.get(m.group(2), m.group(2)), text
    )
    return pieces.encode("utf-16", "surrogatepass").decode("utf-16")


def smallrye(value: str) -> str:
    """What SmallRye makes of a value without expressions: `\\$` becomes `$$`, then `$$` becomes `$`; `${` would start an expression."""
    doubled = value.replace("\\$", "$$")
    assert not re.search(r"(?<!\$)(?:\$\$)*\$\{", doubled), "an expression"
    return doubled.replace("$$", "$")


ODD_VALUES = [
    "pa$word",
    "pa$$word",
    "pa${X}y",
    "${HOME}",
    "a\\b",
    "a\\$b",
    "a\\\\$$\\{b}\\",
    " lead:=#!",
    "#no comment",
    "trail  ",
    "   ",
    "",
    "q'\"\\$${HOME}",
    "üß€😀",
    "tab\tnew\nline\r\f\0\x7f",
    "\\u0041",
    "ends\\",
    "a,b c=d:e",
]


def test_the_defaults_are_the_file_that_was_proven() -> None:
    wanted = dict(line.split("=", 1) for line in PROVEN.strip().splitlines())

    assert dict(properties(pipeline())) == wanted
    assert list(properties(pipeline())) == list(wanted)


def test_the_text_escapes_what_java_needs_and_leaves_expressions() -> None:
    text = render(properties(pipeline()))

    assert "debezium.source.table.include.list=(?-i)public\\\\.mytable\n" in text
    assert "debezium.transforms.reroute.regex=demo\\\\..*\n" in text
    assert "debezium.source.database.password=${PG_PASSWORD}\n" in text


@pytest.mark.parametrize("value", ODD_VALUES)
def test_each_value_is_read_back_as_it_was(value: str) -> None:
    assert smallrye(parse(render({"name": value}))["name"]) == value
    assert smallrye(smallrye_value(value)) == value
    assert parse(render({"name": Expression(value)}))["name"] == value


@pytest.mark.parametrize("name", ["a b", "a=b", "a:b", "#a", "!a", "a\\b", "ü", "debezium.transforms.x"])
def test_each_name_is_read_back_as_it_was(name: str) -> None:
    assert parse(render({name: "value"})) == {name: "value"}


@pytest.mark.skipif(not shutil.which("javac"), reason="needs a Java compiler")
def test_java_reads_back_names_and_values(tmp_path: Path) -> None:
    source = """
        import java.nio.charset.StandardCharsets; import java.util.*;
        class Read { public static void main(String[] a) throws Exception {
            var p = new Properties(); p.load(System.in);
            for (var n : new TreeSet<>(p.stringPropertyNames()))
                System.out.println(hex(n) + " " + hex(p.getProperty(n)));
        } static String hex(String s) { return "x" + HexFormat.of().formatHex(s.getBytes(StandardCharsets.UTF_8)); } }"""
    (tmp_path / "Read.java").write_text(source)
    wanted = {f"name {index} = : # ü \\": value for index, value in enumerate(ODD_VALUES)}
    text = render({name: Expression(value) for name, value in wanted.items()})

    answer = subprocess.run(
        ["java", str(tmp_path / "Read.java")], input=text, capture_output=True, text=True, check=True, timeout=60
    ).stdout

    pairs = [[bytes.fromhex(part[1:]).decode() for part in line.split(" ")] for line in answer.splitlines()]
    assert dict(pairs) == wanted


def test_one_topic_per_table_has_no_transform() -> None:
    found = properties(pipeline(topic=None))

    assert not [name for name in found if name.startswith("debezium.transforms")]
    assert pipeline(topic=None, tables=["public.mytable", 'public."My Table"']).topics() == (
        "demo.public.mytable",
        "demo.public.My_Table",
        "demo-cdc-heartbeat",
    )


def test_offsets_on_a_volume() -> None:
    found = properties(pipeline(offsets="volume"))

    assert found["debezium.source.offset.storage.file.filename"] == "data/offsets.dat"
    assert not [name for name in found if "jdbc" in name or name == "debezium.source.offset.storage"]


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"region": "europe-west1"}, "debezium.sink.pubsub.region", "europe-west1"),
        ({"sink_address": "10.0.0.9:8085"}, "debezium.sink.pubsub.address", "10.0.0.9:8085"),
        ({"ordering": False}, "debezium.sink.pubsub.concurrency.threads", None),
        ({"ordering": False}, "debezium.sink.pubsub.ordering.enabled", "false"),
        ({"signal_table": "signals"}, "debezium.source.signal.data.collection", "debezium.signals"),
        ({"ssl_mode": "require"}, "debezium.source.database.sslrootcert", None),
        ({"user_variable": "DB"}, "debezium.source.database.user", "${DB}"),
        ({"topic_prefix": "a.b"}, "debezium.transforms.reroute.regex", "a\\.b\\..*"),
        (
            {"tables": ["public.a", 's."B.c$ (d)"']},
            "debezium.source.table.include.list",
            "(?-i)public\\.a,(?-i)s\\.B\\.c\\$ \\(d\\)",
        ),
        ({"database_port": "6543"}, "debezium.source.database.port", "6543"),
        (
            {"database_host": "fd00::1", "database_name": "a b&c", "ssl_mode": "disable"},
            "debezium.source.offset.storage.jdbc.connection.url",
            "jdbc:postgresql://[fd00::1]:5432/a%20b%26c?currentSchema=debezium&sslmode=disable",
        ),
    ],
)
def test_keys_of_the_pipeline_reach_their_property(change: dict[str, t.Any], name: str, value: str | None) -> None:
    assert properties(pipeline(**change)).get(name) == value


def test_overrides_add_replace_and_remove_and_are_literal() -> None:
    found = properties(
        pipeline(),
        {"debezium.source.max.batch.size": 4096, "debezium.source.poll.interval.ms": 10, "quarkus.log.level": None, "debezium.x": "${Y}"},
    )

    assert found["debezium.source.max.batch.size"] == "4096"
    assert found["debezium.source.poll.interval.ms"] == "10"
    assert "quarkus.log.level" not in found
    assert "debezium.x=\\\\${Y}\n" in render(found)


def test_expressions_are_left_for_the_server_to_replace() -> None:
    assert "debezium.x=a ${Y} b\n" in render(properties(pipeline(), expressions={"debezium.x": "a ${Y} b"}))


@pytest.mark.parametrize(
    ("given", "transforms"),
    [("unwrap", "unwrap,reroute"), ("reroute, unwrap", "reroute,unwrap"), ("a,reroute,b", "a,reroute,b"), ("", "reroute")],
)
def test_transforms_of_the_user_combine_with_ours(given: str, transforms: str) -> None:
    found = properties(pipeline(), {"debezium.transforms": given, "debezium.transforms.unwrap.type": "X"})

    assert found["debezium.transforms"] == transforms
    assert found["debezium.transforms.reroute.replacement"] == "demo-cdc"


def test_no_transform_at_all_when_the_list_is_null() -> None:
    assert not [name for name in properties(pipeline(), {"debezium.transforms": None}) if name.startswith("debezium.transforms")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topicprefix": "x"}, "has no key 'topicprefix'; did you mean 'topic_prefix'?"),
        ({"zzz": 1}, "valid ones are topic_prefix"),
        ({"slot_name": None}, "is missing slot_name"),
        ({"slot_name": "Has-Dash"}, "slot_name"),
        ({"slot_name": "x" * 64}, "slot_name"),
        ({"topic_prefix": "a b"}, "topic_prefix"),
        ({"topic": "goog-topic"}, "not a valid Pub/Sub topic id"),
        ({"topic": "ab"}, "not a valid Pub/Sub topic id"),
        ({"topic": None, "topic_prefix": "1st"}, "'1st.public.mytable' is not a valid"),
        ({"heartbeat_topic": "__debezium-heartbeat.demo"}, "not a valid Pub/Sub topic id"),
        ({"heartbeat_topic": "demo-cdc"}, "must not be a change topic"),
        ({"heartbeat_topic": "demo.heartbeat"}, "must not start with 'demo.'"),
        ({"snapshot_mode": "never"}, "snapshot_mode 'never' is not one of"),
        ({"snapshot_mode": "always"}, "each restart takes a new snapshot"),
        ({"snapshot_mode": "initial_only"}, "it does not stream"),
        ({"snapshot_mode": "configuration_based"}, "Use one of initial, no_data, when_needed."),
        ({"oversized_events": "skip"}, "oversized_events 'skip' is not one of"),
        ({"debezium_version": "latest"}, "not a version like 3.6.3.Final"),
        ({"debezium_version": "3.5.2.Final"}, "too old"),
        ({"ssl_mode": "verify_ca"}, "did you mean 'verify-ca'?"),
        ({"offsets": "file"}, "offsets 'file' is not one of"),
        ({"tables": []}, "tables is empty"),
        ({"tables": "public.a"}, "tables must be a list"),
        ({"tables": ["public\\..*"]}, "regular expression"),
        ({"tables": ['public."a,b"']}, "comma"),
        ({"heartbeat_interval_ms": 0}, "must be positive"),
        ({"heartbeat_interval_ms": True}, "a whole number"),
        ({"ordering": "yes"}, "true or false"),
        ({"schema": "Debezium"}, "schema 'Debezium'"),
        ({"user_variable": "A-B"}, "environment variable"),
        ({"database_host": " "}, "database_host is empty"),
        ({"database_port": 0}, "not a TCP port"),
    ],
)
def test_bad_input_is_one_sentence_that_names_it(change: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        properties(pipeline(**change))


@pytest.mark.parametrize(
    ("overrides", "expressions", "said"),
    [
        ({"debezium.source.slot.name": "x"}, {}, "set slot_name of the pipeline"),
        ({}, {"debezium.source.topic.prefix": "${X}"}, "set topic_prefix of the pipeline"),
        ({"max.batch.size": 1}, {}, "debezium.source.max.batch.size"),
        ({"debezium.x": [1]}, {}, "not a list"),
        ({"debezium.x": "1"}, {"debezium.x": "${X}"}, "set it once"),
        ({}, {"debezium.x": "plain"}, "has no ${NAME}"),
    ],
)
def test_bad_overrides_are_refused(overrides: dict[str, t.Any], expressions: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        properties(pipeline(), overrides, expressions)


def test_each_default_has_a_reason() -> None:
    listed = reasons()
    everything = {
        **properties(pipeline(region="r", sink_address="a:1", signal_table="s", notification_topic="news")),
        **properties(pipeline(reselect_unavailable_values=True, oversized_events="truncate")),
        **properties(pipeline(offsets="volume")),
    }

    assert {name for name, _, _ in listed} == set(everything)
    assert all(reason.endswith(".") for _, _, reason in listed)
    assert ("debezium.source.database.password", "${<password_variable>}") in [row[:2] for row in listed]
    assert ("debezium.source.topic.prefix", "<topic_prefix>") in [row[:2] for row in listed]


def test_with_one_topic_a_table_no_logical_message_is_sent_for_it_has_no_topic() -> None:
    excluded = "debezium.source.message.prefix.exclude.list"
    assert (properties(pipeline())[excluded], properties(pipeline(topic=None))[excluded]) == ("heartbeat", ".*")
