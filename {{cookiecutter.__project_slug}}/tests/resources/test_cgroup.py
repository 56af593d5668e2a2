from pathlib import Path

import pytest

from service.resources import cgroup


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of control groups, empty yet."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(cgroup, "MEMBERSHIP", tmp_path / "membership")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


def test_every_group_around_a_process_is_read_the_innermost_first(group: Path) -> None:
    write(group / "membership", "0::/kubepods/pod1")
    write(group / "cgroup/kubepods/pod1/cpu.max", "max 100000")
    write(group / "cgroup/kubepods/cpu.max", "50000 100000")
    assert cgroup.read("cpu.max") == ["max 100000", "50000 100000"]


def test_a_container_that_sees_its_own_group_as_the_root_reads_that(group: Path) -> None:
    write(group / "membership", "0::/docker/abc")
    write(group / "cgroup/cpu.max", "150000 100000")
    assert cgroup.read("cpu.max") == ["150000 100000"]


def test_version_1_has_a_tree_for_each_controller(group: Path) -> None:
    write(group / "membership", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/")
    write(group / "cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "20000")
    write(group / "cgroup/memory/docker/abc/cpu.cfs_quota_us", "1")
    assert cgroup.read("cpu.cfs_quota_us", "cpu") == ["20000"]


def test_a_system_without_control_groups_says_nothing(group: Path) -> None:
    assert cgroup.read("cpu.max") == []
    write(group / "membership", "0::/")
    assert cgroup.read("cpu.max") == []
