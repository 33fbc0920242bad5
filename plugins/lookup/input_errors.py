# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the variables of a role, as sentences."""

from __future__ import annotations

DOCUMENTATION = r"""
name: input_errors
short_description: What is wrong with the variables of a role, or of a playbook, of this collection
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Compares the variables of the current host with the argument specification of a role, and says each mistake in one sentence.
  - A variable that begins like the role's, and is none of them, is an error when it is nearly one of them, and a warning otherwise, for it
    may belong to somebody else. The same holds for C(cdc_).
  - Use it inside the role, where the defaults are known.
options:
  _terms:
    description: Names of roles, without the collection's.
    type: list
    elements: str
  names:
    description:
      - All variables of a playbook that begin with the same word, such as C(verify_table) and C(verify_row). Other variables that begin
        with it are judged as a role's are.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Variables
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
    quiet: true
  vars:
    problems: "{{ query('cdc.gcp.input_errors', 'cloudsql') }}"

- name: Variables of a playbook
  ansible.builtin.assert:
    that: query('cdc.gcp.input_errors', names=['verify_table', 'verify_row']) | length == 0
"""

RETURN = r"""
_list:
  description: One sentence for each mistake, never a variable's secret value.
  type: list
  elements: str
"""

import difflib
import re
import typing as t
from collections.abc import Collection, Mapping
from pathlib import Path

from ansible.errors import AnsibleLookupError, AnsibleTemplateError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

ROLES = Path(__file__).resolve().parents[2] / "roles"

COMMON = frozenset(
    {
        "cdc_gcp_options",
        "cdc_hosts",
        "cdc_identity",
        "cdc_in_process",
        "cdc_kubernetes_options",
        "cdc_name",
        "cdc_namespace",
        "cdc_project",
        "cdc_region",
        "cdc_tables",
        "cdc_topic_prefix",
    }
)
"""Variables of the whole pipeline, which playbooks and defaults of roles use."""

LIKENESS = 0.8
"""Ratio of difflib from which on a name is a misspelling: `cloudsql_teir` has 0.92 to `cloudsql_tier`, `iam_users` 0.57 to `iam_topics`."""


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        given = variables or {}
        names: list[str] = kwargs.get("names", [])
        prefixes = {name.split("_")[0] + "_" for name in names}
        sentences = [sentence for prefix in sorted(prefixes) for sentence in unknown(prefix, given, names, "variable of the playbook")]
        if names:
            sentences += unknown("cdc_", given, COMMON, "variable of the collection")
        return sentences + [sentence for role in terms for sentence in self._sentences(role, given)]

    def _sentences(self, role: str, given: Mapping[str, t.Any]) -> list[str]:
        folder = ROLES / role
        if not folder.is_dir():
            raise AnsibleLookupError(f"cdc.gcp.input_errors: the collection has no role {role}.")
        options = _load(folder / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        sentences = unknown(f"{role}_", given, known(role), f"variable of role {role}")
        sentences += unknown("cdc_", given, COMMON, "variable of the collection")
        values = {}
        for name in options:
            if name in given:
                try:
                    values[name] = t.cast(t.Any, self._templar).template(given[name])
                except AnsibleTemplateError as error:
                    sentences.append(f"{name} cannot be worked out: {error.message.rstrip('.')}.")
        sentences += [
            f"{name} is not set, and has no default." for name, option in options.items() if option.get("required") and name not in given
        ]
        sentences += [f"{name} is empty." for name, value in values.items() if options[name].get("required") and value in ("", None)]
        optional = {
            name: {key: value for key, value in option.items() if key not in ("required", "default")} for name, option in options.items()
        }
        found = ArgumentSpecValidator(optional).validate(values, validate_role_argument_spec=True)
        return sentences + [f"{message.rstrip('.')}." for message in found.error_messages]


def known(role: str) -> set[str]:
    """Every variable of `role`: its arguments, its own, and what its tasks register."""
    folder = ROLES / role
    names: set[str] = set()
    for entry in _load(folder / "meta/argument_specs.yml")["argument_specs"].values():
        names.update(entry.get("options", {}))
    if (folder / "vars/main.yml").exists():
        names.update(_load(folder / "vars/main.yml"))
    for tasks in folder.glob("tasks/*.yml"):
        names.update(re.findall(r"^\s+register: (\w+)$", tasks.read_text(), re.MULTILINE))
    return names


def unknown(prefix: str, given: Collection[str], known_names: Collection[str], kind: str) -> list[str]:
    """A sentence for each name of `given` that begins with `prefix` and is nearly one of `known_names`; a warning for other unknown ones.

    kind: what the name would be, for example "variable of role iam".
    """
    sentences = []
    for name in sorted(name for name in given if name.startswith(prefix) and name not in known_names):
        near = difflib.get_close_matches(name, sorted(known_names), n=1, cutoff=LIKENESS)
        if near:
            sentences.append(f"{name} is no {kind}; is {near[0]} meant?")
        else:
            Display().warning(f"{name} is no {kind}; nothing reads it.")
    return sentences


def _load(path: Path) -> t.Any:
    return yaml_load(path.read_text(encoding="utf-8"))
