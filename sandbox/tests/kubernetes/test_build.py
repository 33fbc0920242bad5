"""The name of a build in the cache, and what the build is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cdc_sandbox import packages
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.kubernetes import build
from cdc_sandbox.progress import Progress
from cdc_sandbox.settings import Settings


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in ("go.mod", "go.sum", "main.go"):
        shutil.copy(build.SOURCES / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go"])
def test_another_source_makes_another_build(sources: Path, name: str) -> None:
    before = build.cache_key(sources, (1, 26))
    content = (sources / name).read_bytes()
    (sources / name).write_bytes(content[:-1] + b" ")
    assert build.cache_key(sources, (1, 26)) != before


def test_another_go_makes_another_build_and_the_same_one_does_not(sources: Path) -> None:
    assert build.cache_key(sources, (1, 26)) == build.cache_key(build.SOURCES, (1, 26))
    assert build.cache_key(sources, (1, 26)) != build.cache_key(sources, (1, 27))


def test_text_that_moves_from_one_file_to_the_next_makes_another_build(tmp_path: Path) -> None:
    keys = set()
    for number, (mod, lock) in enumerate((("ab", "c"), ("a", "bc"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in (("go.mod", mod), ("go.sum", lock), ("main.go", "")):
            (folder / name).write_text(text)
        keys.add(build.cache_key(folder, (1, 26)))
    assert len(keys) == 2


def test_all_staging_modules_have_the_version_of_kubernetes() -> None:
    replaced = [line.split() for line in (build.SOURCES / "go.mod").read_text().splitlines() if "=>" in line]
    assert len(replaced) == 33
    wanted = "v0." + build.version().removeprefix("v1.")
    assert {(old == new, version) for old, _, new, version in replaced} == {(True, wanted)}


def test_the_program_is_told_its_version() -> None:
    flags = build.linker_flags("v1.36.3")
    assert "version.gitVersion=v1.36.3 " in flags
    assert "version.gitMajor=1 " in flags
    assert "version.gitMinor=36 " in flags


def test_a_module_that_is_not_required_is_said(sources: Path) -> None:
    assert build.version_of("k8s.io/kubernetes", sources).startswith("v1.")
    with pytest.raises(SandboxError, match="example.com/none"):
        build.version_of("example.com/none", sources)


def test_a_build_that_fails_leaves_no_program_but_keeps_what_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text('#!/bin/sh\n[ "$1" = list ] && exit 0\necho compiled > "$GOCACHE/part"\necho "main.go:1: no such thing" >&2\nexit 1\n')
    go.chmod(0o755)
    settings = Settings(state=tmp_path / "state", cache=tmp_path / "cache")
    (settings.cache / "go-build-kubernetes").mkdir(parents=True)
    monkeypatch.setattr(packages, "go_program", lambda *_: go)
    monkeypatch.setattr(packages, "go_version", lambda program, settings: (1, 26))

    with pytest.raises(SandboxError, match=r"main\.go:1: no such thing"):
        build.program(settings, Progress())

    assert (settings.cache / "go-build-kubernetes" / "part").exists()
    assert not list(settings.cache.glob("kubernetes-*/kubernetes"))


def test_a_build_appears_whole_and_is_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    # The program's path is the word after `-o`.
    go.write_text(
        '#!/bin/sh\n[ "$1" = list ] && exit 0\nmkdir -p "$GOCACHE"\necho x >> "$0.log"\n'
        'while [ "$1" != -o ]; do shift; done\necho program > "$2"\n'
    )
    go.chmod(0o755)
    settings = Settings(state=tmp_path / "state", cache=tmp_path / "cache")
    monkeypatch.setattr(packages, "go_program", lambda *_: go)
    monkeypatch.setattr(packages, "go_version", lambda program, settings: (1, 26))

    built = build.program(settings, Progress())

    assert built.read_text() == "program\n"
    assert build.program(settings, Progress()) == built
    assert (tmp_path / "go.log").read_text() == "x\n"
    assert [each.name for each in settings.cache.iterdir()] == [built.parent.name]
