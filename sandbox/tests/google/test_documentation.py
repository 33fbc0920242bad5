"""The guide to the sandbox has each fault, in the words of the code."""

from __future__ import annotations

import re
from pathlib import Path

from cdc_sandbox.google.faults import KNOWN, OPTIONS

GUIDE = Path(__file__).parents[2] / "docs" / "README.md"
PUBSUB = Path(__file__).parents[2] / "pubsub" / "faults.go"
ENTRY = re.compile(r'^\t"(\w+)":\s+"(.*)",$', re.MULTILINE)


def table(heading: str) -> dict[str, str]:
    """The rows of the guide's table under a heading, by fault."""
    section = GUIDE.read_text().partition(f"### {heading}\n")[2].partition("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))


def test_the_faults_of_googles_apis() -> None:
    assert table("Faults of Google's APIs") == dict(KNOWN)


def test_the_faults_of_pubsub() -> None:
    assert table("Faults of Pub/Sub") == dict(ENTRY.findall(PUBSUB.read_text()))


def test_each_option_of_a_fault_is_in_its_description() -> None:
    for name, options in OPTIONS.items():
        assert all(re.search(rf"\b{option}\b", KNOWN[name]) for option in options), name
