# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters: called as Ansible calls them, and once through a playbook."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.filter.debezium_properties import debezium_properties
from ansible_collections.cdc.gcp.plugins.filter.debezium_topics import debezium_topics
from ansible_collections.cdc.gcp.plugins.filter.smallrye_value import smallrye_value

PIPELINE: dict[str, t.Any] = {
    "topic_prefix": "demo",
    "project": "my-project",
    "database_host": "10.0.0.3",
    "database_name": "shop",
    "tables": ["public.mytable"],
    "slot_name": "debezium_demo",
    "publication": "dbz_publication",
    "topic": "demo-cdc",
    "heartbeat_topic": "demo-cdc-heartbeat",
    "region": None,
}


def test_properties_from_a_pipeline() -> None:
    text = debezium_properties(PIPELINE, {"debezium.a": "x$y"}, {"debezium.b": "${B}"})

    assert text.startswith("debezium.sink.type=pubsub\n")
    assert text.endswith("debezium.a=x\\\\$y\ndebezium.b=${B}\n")


def test_topics_of_a_pipeline() -> None:
    assert debezium_topics(["public.orders", 'public."My Table"', "public.orders"], "shop") == [
        "shop.public.orders",
        "shop.public.My_Table",
    ]


def test_a_dollar_sign_in_the_environment() -> None:
    assert smallrye_value("a\\$b$") == "a\\\\$b\\$"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: debezium_properties({**PIPELINE, "slotname": "x"}), "did you mean 'slot_name'"),
        (lambda: debezium_properties("text"), "pipeline must be a dictionary"),
        (lambda: debezium_properties(PIPELINE, ["x"]), "overrides must be a dictionary"),
        (lambda: debezium_topics(["orders"], "shop"), "is not schema.table"),
        (lambda: debezium_topics("public.orders", "shop"), "must be a list"),
        (lambda: smallrye_value(5), "must be a string"),
    ],
)
def test_bad_input_is_an_error_of_the_filter(call: t.Callable[[], t.Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        call()


def test_a_playbook_finds_them_and_may_give_values_that_are_templates(tmp_path: Path) -> None:
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"pipeline": {**PIPELINE, "topic_prefix": "{{ 'sh' ~ 'op' }}", "tables": ["{{ 'public.' ~ 'orders' }}"], "topic": None}},
        "tasks": [
            {
                "ansible.builtin.assert": {
                    "that": [
                        "'topic.prefix=shop\\n' in pipeline | cdc.gcp.debezium_properties(overrides={}, expressions={})",
                        "['public.orders'] | cdc.gcp.debezium_topics('shop') == ['shop.public.orders']",
                        "'a$b' | cdc.gcp.smallrye_value == 'a\\\\$b'",
                    ]
                }
            }
        ],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert run.returncode == 0, run.stdout + run.stderr
