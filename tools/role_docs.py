"""Writes each role's README.md from its meta/argument_specs.yml; with --check only says whether they are up to date."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import reasons

ROLES = Path(__file__).resolve().parent.parent / "roles"


def markup(text: str) -> str:
    """Ansible's semantic markup as Markdown code."""
    return re.sub(r"[OVCE]\(([^)]*)\)", r"`\1`", text)


def row(name: str, option: dict[str, Any]) -> str:
    description = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    if option.get("required"):
        default = "required"
    elif "default" in option:
        default = f"`{json.dumps(option['default'])}`"
    else:
        default = ""
    kind = option.get("type", "str") + (f" of {option['elements']}" if "elements" in option else "")
    choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if "choices" in option else ""
    return f"| `{name}` | {kind} | {default.replace('|', '&#124;')} | {markup(description)}{choices} |"


def readme(role: str) -> str:
    spec = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    lines = [f"# Role cdc.gcp.{role}", "", f"{spec['short_description']}.", "", *(markup(line) for line in spec["description"]), ""]
    lines += ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    lines += [row(name, option) for name, option in spec["options"].items()]
    if role == "debezium_k8s":
        lines += properties()
    return "\n".join(lines) + "\n"


def properties() -> list[str]:
    """The default properties with their reasons, as the collection's own table has them."""
    lines = ["", "## Properties of Debezium Server", "", "Values in angle brackets come from the variables above.", ""]
    lines += ["| property | value | why |", "| --- | --- | --- |"]
    return lines + [f"| `{name}` | `{value.replace('|', '&#124;')}` | {reason} |" for name, value, reason in reasons()]


def main() -> int:
    stale = []
    for path in sorted(ROLES.iterdir()):
        target, text = path / "README.md", readme(path.name)
        if "--check" in sys.argv:
            stale += [] if target.exists() and target.read_text() == text else [str(target)]
        else:
            target.write_text(text)
    for name in stale:
        print(f"{name} is out of date; run tools/role_docs.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
