"""Writes what documents the variables, from their one specification; with --check only says whether it is up to date.

The specification is plugins/module_utils/_pipeline/specification.  Written are each role's meta/argument_specs.yml and README.md, and
the table of the cdc_* variables in README.md.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import reasons
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification import common
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import Variable
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import BY_PART

ROOT = Path(__file__).resolve().parent.parent

ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "cloudsql": (
        "Cloud SQL for PostgreSQL, ready for change data capture",
        (
            "Provisions the instance with logical decoding switched on, the application's database and user, and inside the database the"
            " replication user with its grants, the publication and Debezium's own tables.",
            "An instance that exists keeps what no variable names.",
        ),
    ),
    "pubsub": (
        "Pub/Sub topics and subscriptions of a pipeline",
        (
            "Provisions the topic of all changes, or one topic per table, the heartbeat topic, and subscriptions.",
            "Debezium never creates a topic; a missing one stops it.",
        ),
    ),
    "iam": (
        "Identity of a pipeline, its grants and its key",
        (
            "Provisions the service account that Debezium publishes as, its grants on the pipeline's own topics, and its key, which goes"
            " straight into a Kubernetes Secret.",
            "With workload identity there is no key, or no service account either.",
        ),
    ),
    "debezium_k8s": (
        "Debezium Server on Kubernetes",
        (
            "Provisions the namespace, Secrets, the Kubernetes service account, optionally a StorageClass and a PersistentVolumeClaim, and"
            " the Deployment, and waits until the pod of the new template is available and no former one is left.",
        ),
    ),
}
"""Title and description of each role."""

CHAINED = (
    "It is one part of the plan of the module cdc.gcp.pipeline; the playbook cdc.gcp.site runs all parts.",
    "Names that several parts share are the cdc_* variables of the collection's README.",
)

START, END = "<!-- variables: written by tools/role_docs.py -->", "<!-- end of variables -->"


def markup(text: str) -> str:
    """Ansible's semantic markup as Markdown code."""
    return re.sub(r"[OVCE]\(([^)]*)\)", r"`\1`", text)


def description(variable: Variable) -> list[str]:
    return [variable.description] if isinstance(variable.description, str) else list(variable.description)


def table(variables: Iterable[Variable]) -> list[str]:
    lines = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    return lines + [_row(variable) for variable in variables]


def _row(variable: Variable) -> str:
    if variable.needed_by:
        default = "required"
    elif variable.derived:
        default = markup(variable.derived)
    else:
        default = "" if variable.default is None else f"`{json.dumps(variable.default)}`"
    kind = variable.type + (f" of {variable.elements}" if variable.elements else "")
    choices = f" One of {', '.join(f'`{choice}`' for choice in variable.choices)}." if variable.choices else ""
    return f"| `{variable.name}` | {kind} | {default} | {markup(' '.join(description(variable)))}{choices} |"


def argument_specs(role: str) -> str:
    title, text = ROLES[role]
    options = {variable.name: _option(variable) for variable in BY_PART[role]}
    entry = {
        "short_description": title,
        "description": [*text, *CHAINED],
        "author": "The cdc.gcp contributors",
        "options": options,
    }
    dumped = yaml.dump({"argument_specs": {"main": entry}}, Dumper=_Dumper, sort_keys=False, width=130, allow_unicode=True)
    return f"---\n# Written by tools/role_docs.py from plugins/module_utils/_pipeline/specification.\n{dumped}"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, as the style of this repository has it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _option(variable: Variable) -> dict[str, Any]:
    text = description(variable)
    if variable.derived:
        text = [*text, f"Its default is {variable.derived}."]
    option: dict[str, Any] = {"description": text[0] if len(text) == 1 else text}
    if variable.needed_by:
        # The module judges what is missing, together with everything else that is wrong.
        option["description"] = [*text, "Required."]
    if variable.type != "str":
        option["type"] = variable.type
    if variable.elements:
        option["elements"] = variable.elements
    if variable.choices:
        option["choices"] = list(variable.choices)
    if variable.no_log:
        option["no_log"] = True
    if variable.default is not None:
        option["default"] = variable.default
    if variable.options is not None:
        option["options"] = {name: _suboption(name, given) for name, given in variable.options.items()}
    return option


def _suboption(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": given.get("description", f"The {name.replace('_', ' ')}."),
        **{k: v for k, v in given.items() if k != "description"},
    }


def role_readme(role: str) -> str:
    title, text = ROLES[role]
    lines = [f"# Role cdc.gcp.{role}", "", f"{title}.", "", *text, "", *CHAINED, ""]
    lines += [
        "```yaml",
        "- hosts: pipelines",
        "  connection: local",
        "  gather_facts: false",
        "  roles:",
        f"    - cdc.gcp.{role}",
        "```",
        "",
    ]
    lines += table(BY_PART[role])
    if role == "debezium_k8s":
        lines += ["", "## Properties of Debezium Server", "", "Values in angle brackets come from variables.", ""]
        lines += ["| property | value | why |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | `{value.replace('|', '&#124;')}` | {reason} |" for name, value, reason in reasons()]
    return "\n".join(lines) + "\n"


def readme(before: str) -> str:
    """The collection's README with the table of the cdc_* variables between its two marks."""
    head, _, rest = before.partition(START)
    _, _, tail = rest.partition(END)
    return "\n".join([f"{head}{START}", "", *table(common.VARIABLES), "", f"{END}{tail}"])


def documents() -> dict[Path, str]:
    found = {ROOT / "README.md": readme((ROOT / "README.md").read_text())}
    for role in ROLES:
        found[ROOT / "roles" / role / "meta/argument_specs.yml"] = argument_specs(role)
        found[ROOT / "roles" / role / "README.md"] = role_readme(role)
    return found


def main() -> int:
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    if "--check" not in sys.argv:
        for path in stale:
            path.write_text(documents()[path])
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date; run tools/role_docs.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
