from pathlib import Path

import pytest

from service.errors import ModelError
from service.resources import cgroup, memory
from service.resources.memory import find_rooms, memory_limit, require_room

MIB = 1 << 20
UNLIMITED = 9223372036854771712


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the control groups, of a machine without swap."""
    root = tmp_path / "cgroup"
    root.mkdir()
    (tmp_path / "meminfo").write_text("MemTotal: 1 kB\nSwapFree: 0 kB\n")
    monkeypatch.setattr(cgroup, "ROOT", root)
    monkeypatch.setattr(cgroup, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    (tmp_path / "membership").write_text("4:memory:/docker/1\n0::/docker/1\n")
    return root


def make_group(directory: Path, limit_file: str, limit: object, stat: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / limit_file).write_text(f"{limit}\n")
    (directory / "memory.stat").write_text(stat)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of 200 MiB that takes no room."""
    file = tmp_path / "model"
    with file.open("wb") as content:
        content.truncate(200 * MIB)
    return file


def test_memory_of_processes_is_taken_and_files_that_were_read_are_not(root: Path) -> None:
    make_group(root, "memory.max", 500 * MIB, f"anon {90 * MIB}\nfile {400 * MIB}\nshmem {10 * MIB}\n")
    assert list(find_rooms()) == [(500 * MIB, 400 * MIB)]


def test_version_1_counts_the_groups_within(root: Path) -> None:
    stat = f"cache {300 * MIB}\nrss 0\ntotal_rss {90 * MIB}\ntotal_shmem {10 * MIB}\n"
    make_group(root / "memory", "memory.limit_in_bytes", 500 * MIB, stat)
    assert list(find_rooms()) == [(500 * MIB, 400 * MIB)]


def test_the_group_with_the_least_room_decides(root: Path, file: Path) -> None:
    make_group(root / "docker" / "1", "memory.max", 500 * MIB, "anon 0\n")
    make_group(root / "docker", "memory.max", 600 * MIB, f"anon {450 * MIB}\n")
    with pytest.raises(ModelError, match=r"of the 600 MiB .* 150 MiB are free"):
        require_room(file)


def test_a_model_that_cannot_fit_is_refused_in_one_sentence(root: Path, file: Path) -> None:
    make_group(root, "memory.max", 256 * MIB, f"anon {100 * MIB}\n")
    with pytest.raises(ModelError) as caught:
        require_room(file)
    assert str(caught.value) == (
        f"{file} has 200 MiB, and of the 256 MiB of memory that this container may use 156 MiB are free: "
        "raise MEMORY_LIMIT"
    )


@pytest.mark.parametrize(
    ("limit", "stat", "swap"),
    [
        ("max", "anon 0\n", 0),
        (300 * MIB, f"anon {100 * MIB}\nfile {200 * MIB}\n", 0),
        (256 * MIB, f"anon {100 * MIB}\n", 100),
        (256 * MIB, "", 0),
    ],
)
def test_nothing_is_refused_that_may_work(
    root: Path, file: Path, limit: object, stat: str, swap: int
) -> None:
    memory.MEMINFO.write_text(f"SwapFree: {swap * 1024} kB\n")
    make_group(root, "memory.max", limit, stat)
    require_room(file)


def test_without_a_limit_there_is_none(root: Path, file: Path) -> None:
    require_room(file)
    make_group(root / "memory", "memory.limit_in_bytes", UNLIMITED, "total_rss 7\n")
    require_room(file)


def test_what_this_machine_says_of_itself_can_be_read() -> None:
    assert all(room.free >= 0 for room in find_rooms())


@pytest.mark.parametrize("file", ["memory.max", "memory.limit_in_bytes"])
def test_the_smallest_limit_counts(root: Path, file: str) -> None:
    machine = memory_limit()
    tree = root / "memory" if "in_bytes" in file else root
    make_group(tree, file, UNLIMITED, "")
    assert memory_limit() == machine
    make_group(tree / "docker" / "1", file, MIB, "")
    assert memory_limit() == MIB
