# SPDX-License-Identifier: GPL-3.0-or-later
"""Strange passwords work from the inventory to the running pod, and no run prints a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from ..world import Run, Subscription, World, names

pytestmark = pytest.mark.timeout(600)

NAME = "passwords-demo"
TOPIC = f"{NAME}.changes"
STRANGE = " lead:=#! pa$word pa$$word pa${X}y ${HOME} a\\b a\\$b a\\\\$$\\{b}\\ q'\"\\$${HOME} üß€ %41 `id` "
"""Every trap of debezium.md 12 in one password, with blanks at both ends."""
PASSWORDS = {
    "CDC_ADMIN_PASSWORD": f"{STRANGE}Zq7admin",
    "CDC_USER_PASSWORD": f"{STRANGE}Zq7user ",
    "CDC_REPLICATION_PASSWORD": f"{STRANGE}Zq7replication ",
}
NEXT_PASSWORDS = {**PASSWORDS, "CDC_REPLICATION_PASSWORD": f"\\${{X}} Zq7next {STRANGE}"}
MARKS = ("Zq7admin", "Zq7user", "Zq7replication", "Zq7next")
"""Part of each password that no kind of escaping changes and no line break splits."""


@pytest.fixture(scope="module")
def first(world: World, stops_at_the_end: Callable[[str], None]) -> tuple[Run, Subscription]:
    """A pipeline with strange passwords, made with all that Ansible can print, and its changes from the start."""
    stops_at_the_end(NAME)
    run = world.site("-vvv", "--diff", variables={"cdc_name": NAME}, passwords=PASSWORDS)
    world.create_table(NAME, PASSWORDS["CDC_USER_PASSWORD"])
    world.site(variables={"cdc_name": NAME}, passwords=PASSWORDS)
    return run, Subscription(world, "e2e-passwords", TOPIC)


def test_strange_passwords_work_from_the_inventory_to_the_running_pod(world: World, first: tuple[Run, Subscription]) -> None:
    world.insert(NAME, "with strange passwords", password=PASSWORDS["CDC_USER_PASSWORD"])
    first[1].wait(lambda events: "with strange passwords" in names(events))


def test_a_new_replication_password_reaches_role_secret_and_pod_in_one_run(world: World, first: tuple[Run, Subscription]) -> None:
    run = world.site("-vvv", "--diff", variables={"cdc_name": NAME}, passwords=NEXT_PASSWORDS)
    assert run.changed() == [
        "replication user debezium_passwords_demo",
        f"Secret debezium/{NAME}-debezium-db",
        f"Deployment debezium/{NAME}-debezium",
    ]
    world.insert(NAME, "with the next password", password=PASSWORDS["CDC_USER_PASSWORD"])
    first[1].wait(lambda events: "with the next password" in names(events))


def test_no_run_prints_a_secret_however_much_it_prints(world: World, first: tuple[Run, Subscription]) -> None:
    """Applied, unchanged, in check mode with diff, and verify.yml, all with -vvv; a failing pod and a failed log-in as well."""
    variables = {"cdc_name": NAME}
    runs = [first[0], world.site("-vvv", "--diff", variables=variables, passwords=NEXT_PASSWORDS)]
    assert runs[-1].recap["changed"] == 0
    changed = {**variables, "cloudsql_labels": {"team": "data"}}
    runs.append(world.site("-vvv", "--check", "--diff", variables=changed, passwords={**NEXT_PASSWORDS, **PASSWORDS}))
    runs.append(
        world.playbook("verify.yml", "-vvv", "--diff", variables={**variables, "verify_row": {"name": "row"}}, passwords=NEXT_PASSWORDS)
    )
    assert runs[-1].code == 0, runs[-1].output[-3000:]
    failing = {"debezium_k8s_properties": {"debezium.source.database.user": "nobody"}, "debezium_k8s_wait_timeout": 30}
    runs.append(world.playbook("site.yml", "-vvv", variables={**variables, **failing}, passwords=NEXT_PASSWORDS))
    assert runs[-1].code != 0, "a pod that cannot log in, whose log is printed"
    wrong = {**NEXT_PASSWORDS, "CDC_USER_PASSWORD": f"Zq7user{STRANGE}"}
    runs.append(world.playbook("site.yml", "-vvv", variables=variables, passwords=wrong))
    assert runs[-1].code != 0, "a wrong password of the application's user"
    printed = "\n".join(world.outputs)
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in printed, "-vvv prints the arguments of each module"
    assert [form for form in secrets(world) if form in printed] == []


def secrets(world: World) -> list[str]:
    """What must never be printed, in every form in which it could be."""
    stored = world.kubectl("get", "secret", f"{NAME}-debezium-sa", "--namespace", "debezium", "--output", "json")["data"]
    keys = [json.loads(base64.b64decode(next(iter(stored.values())))), json.loads(Path(world.settings.owner_key).read_text())]
    lines = [line for key in keys for line in key["private_key"].splitlines() if len(line) > 20]
    plain = [*PASSWORDS.values(), *NEXT_PASSWORDS.values(), "changeit"]
    escaped = [password.replace("$", "\\$") for password in plain]
    forms = [*MARKS, *lines, *stored.values(), "PRIVATE KEY", "ya29.", "changeit"]
    for value in [*plain, *escaped]:
        forms += [value.strip(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], quote(value)]
        forms.append(base64.b64encode(value.encode()).decode())
    return forms
