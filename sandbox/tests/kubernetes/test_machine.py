"""The machine is restored, also after a start that was interrupted and repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from cdc_sandbox.kubernetes import machine
from cdc_sandbox.settings import Settings


@pytest.fixture
def sysctls(tmp_path: Path) -> Path:
    """A stand-in for /proc/sys."""
    root = tmp_path / "sys"
    for name, value in zip(machine.SYSCTLS, ("0", "1", "0", "0"), strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{value}\n")
    return root


def values(sysctls: Path) -> list[str]:
    return [(sysctls / name).read_text().strip() for name in machine.SYSCTLS]


def test_sysctls_come_back(settings: Settings, sysctls: Path) -> None:
    machine.remember(settings, sysctls, [])
    for name in machine.SYSCTLS:
        (sysctls / name).write_text("10\n")

    machine.restore(settings, sysctls)

    assert values(sysctls) == ["0", "1", "0", "0"]


def test_a_second_start_does_not_take_the_changed_values_for_the_original_ones(settings: Settings, sysctls: Path) -> None:
    machine.remember(settings, sysctls, [])
    for name in machine.SYSCTLS:
        (sysctls / name).write_text("10\n")
    machine.remember(settings, sysctls, [])

    machine.restore(settings, sysctls)

    assert values(sysctls) == ["0", "1", "0", "0"]


def test_only_folders_that_were_not_there_before_are_removed(settings: Settings, sysctls: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    machine.remember(settings, sysctls, [str(old), str(new)])
    (new / "inside").mkdir(parents=True)

    machine.restore(settings, sysctls)

    assert old.exists()
    assert not new.exists()


def test_restoring_without_a_start_changes_nothing(settings: Settings, sysctls: Path) -> None:
    machine.restore(settings, sysctls)
    assert values(sysctls) == ["0", "1", "0", "0"]


def test_restoring_twice_does_not_undo_what_somebody_set_in_between(settings: Settings, sysctls: Path) -> None:
    machine.remember(settings, sysctls, [])
    machine.restore(settings, sysctls)
    (sysctls / "net/ipv4/ip_forward").write_text("1\n")

    machine.restore(settings, sysctls)

    assert values(sysctls)[3] == "1"


def test_mounts_below_a_folder_are_listed_innermost_first() -> None:
    lines = [
        "20 1 254:0 / / rw - ext4 /dev/vda rw",
        "30 20 254:0 /a /state/kubelet rw - ext4 /dev/vda rw",
        "31 30 0:50 / /state/kubelet/pods/a\\040b rw - tmpfs tmpfs rw",
        "32 20 0:51 / /state/kubelet-other rw - tmpfs tmpfs rw",
        "33 20 0:52 / /elsewhere rw - tmpfs tmpfs rw",
    ]

    assert machine.mounts_below([Path("/state/kubelet")], "\n".join(lines)) == ["/state/kubelet/pods/a b", "/state/kubelet"]
