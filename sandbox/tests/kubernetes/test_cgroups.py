"""Which cgroups a machine has, told from /proc/self/mounts as real machines have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.kubernetes import cgroups

OTHERS = """\
/dev/vda1 / ext4 rw,relatime 0 0
tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,mode=755 0 0
"""
V1 = f"""{OTHERS}\
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid,nodev,noexec,relatime 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,nosuid,nodev,noexec,relatime,xattr,name=systemd 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,nosuid,nodev,noexec,relatime,cpuset 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,nodev,noexec,relatime,memory 0 0
"""
"""systemd's hybrid layout, as Debian 10 and Ubuntu 20.04 boot."""
V2 = """\
/dev/vda1 / ext4 rw,relatime 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0
"""
"""As Debian 11 and Ubuntu 22.04, and everything newer, boot."""
CONTROLLERS = "cpuset cpu io memory hugetlb pids rdma misc\n"


def test_version_1_has_a_place_for_pods_in_each_tree() -> None:
    trees = cgroups.hierarchies(V1)
    assert cgroups.version(trees) == 1
    assert cgroups.pod_cgroups(trees) == [
        Path("/sys/fs/cgroup/unified/kubepods"),
        Path("/sys/fs/cgroup/systemd/kubepods"),
        Path("/sys/fs/cgroup/cpu,cpuacct/kubepods"),
        Path("/sys/fs/cgroup/cpuset/kubepods"),
        Path("/sys/fs/cgroup/memory/kubepods"),
    ]
    assert cgroups.missing(trees, "") == []


def test_version_2_has_one_place_for_pods() -> None:
    trees = cgroups.hierarchies(V2)
    assert cgroups.version(trees) == 2
    assert cgroups.pod_cgroups(trees) == [Path("/sys/fs/cgroup/kubepods")]
    assert cgroups.missing(trees, CONTROLLERS) == []


def test_a_tree_that_is_mounted_twice_counts_once() -> None:
    assert len(cgroups.hierarchies(V2 + V2)) == 1


@pytest.mark.parametrize(
    ("mounts", "controllers"),
    [(V2, "cpuset cpu io pids\n"), (V1.replace("relatime,memory 0", "relatime 0"), "")],
)
def test_a_kernel_that_booted_without_the_memory_controller_is_known(mounts: str, controllers: str) -> None:
    assert cgroups.missing(cgroups.hierarchies(mounts), controllers) == ["memory"]


def test_a_machine_without_cgroups_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "here", lambda: cgroups.hierarchies(OTHERS))
    with pytest.raises(SandboxError, match="no cgroup controller cpu, cpuacct, cpuset, memory"):
        cgroups.check()
