"""Which packages count as missing."""

from __future__ import annotations

from pathlib import Path

from cdc_sandbox import packages
from cdc_sandbox.settings import Settings


def test_a_package_is_missing_when_its_program_or_its_file_is(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    wanted = {"shell": "sh", "no-program": "no-such-program-here", "file": str(there), "no-file": str(tmp_path / "none")}
    assert packages.missing(wanted) == ["no-program", "no-file"]


def test_the_version_of_go_is_read_from_its_own_words(settings: Settings, tmp_path: Path) -> None:
    program = tmp_path / "go"
    program.write_text("#!/bin/sh\necho go version go1.26.8 linux/amd64\n")
    program.chmod(0o755)
    assert packages.go_version(program, settings) == (1, 26)
