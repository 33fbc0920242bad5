# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role documents is what it does: every variable is specified, with the default that it has, and the README lists it."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir())


def load(role: str, file: str) -> dict[str, t.Any]:
    return dict(yaml.safe_load((ROLES / role / file).read_text()) or {})


@pytest.mark.parametrize("role", NAMES)
def test_defaults_and_specification_agree(role: str) -> None:
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    specified = {name: option["default"] for name, option in options.items() if "default" in option}
    assert specified == load(role, "defaults/main.yml")


@pytest.mark.parametrize("role", NAMES)
def test_every_variable_that_a_task_uses_is_specified(role: str) -> None:
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    text = "\n".join(path.read_text() for path in (ROLES / role).glob("tasks/*.yml"))
    known = set(options) | set(re.findall(r"register: (\w+)", text))
    if (ROLES / role / "vars/main.yml").exists():
        known |= set(load(role, "vars/main.yml"))
    assert set(re.findall(rf"(?<!cdc\.gcp\.)\b({role}_\w+)", text)) <= known


@pytest.mark.parametrize("role", NAMES)
def test_the_readme_lists_every_variable(role: str) -> None:
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    readme = (ROLES / role / "README.md").read_text()
    assert not [name for name in options if f"`{name}`" not in readme]
