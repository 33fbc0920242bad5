# SPDX-License-Identifier: GPL-3.0-or-later
"""A password's way from the inventory file, through Ansible and the Secret, to what Debezium Server reads: the same at both ends."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import yaml

from .test_properties import smallrye

PASSWORDS = [
    "pa$word",
    "pa$$word",
    "pa${X}y",
    "${HOME}",
    "a\\b",
    "a\\$b",
    "a\\\\$$\\{b}\\",
    " lead:=#!",
    "trail ",
    "q'\"\\$${HOME}",
    "üß€😀",
    "%41 `id` $(id) !vault # no comment",
    "0123",
    "yes",
]
"""debezium.md 12, and what shells, URLs and YAML could take for something else."""


def test_every_password_is_read_by_debezium_as_the_inventory_has_it(tmp_path: Path) -> None:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "passwords": PASSWORDS}
    inventory = {"all": {"hosts": {"demo": host}}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory, allow_unicode=True))
    chain = {"sent": "{{ item }}", "stored": "{{ item | cdc.gcp.smallrye_value | b64encode }}"}
    play = {
        "hosts": "demo",
        "gather_facts": False,
        "tasks": [
            {
                "loop": "{{ passwords }}",
                "vars": {"made": chain},
                "ansible.builtin.set_fact": {"chain": "{{ chain | default([]) + [made] }}"},
            },
            {"ansible.builtin.copy": {"content": "{{ chain | to_json }}", "dest": str(tmp_path / "chain.json"), "mode": "0600"}},
        ],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(tmp_path / "inventory.yml"), str(tmp_path / "play.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((tmp_path / "chain.json").read_text())
    assert [link["sent"] for link in made] == PASSWORDS, "what goes to the database"
    environment = [base64.b64decode(link["stored"]).decode() for link in made]
    assert [smallrye(value) for value in environment] == PASSWORDS, "what Debezium logs in with"
