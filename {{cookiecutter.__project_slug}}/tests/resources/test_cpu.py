import os
import sys
import threading

import pytest

from service.resources import cgroup, cpu


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ([], 8),
        (["max 100000"], 8),
        (["150000 100000"], 2),
        (["20000 100000"], 1),
        (["max 100000", "300000 100000"], 3),
        (["6400000 100000"], 8),
    ],
)
def test_a_quota_counts_if_it_is_less_than_the_machine_has(
    quotas: list[str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu, "count_allowed", lambda: 8)
    monkeypatch.setattr(cgroup, "read", lambda file, _="": quotas if file == "cpu.max" else [])
    assert cpu.count_processors() == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("250000", 5)])
def test_version_1_has_quota_and_period_in_two_files(
    quota: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"cpu.cfs_quota_us": [quota], "cpu.cfs_period_us": ["50000"]}
    monkeypatch.setattr(cpu, "count_allowed", lambda: 8)
    monkeypatch.setattr(cgroup, "read", lambda file, _="": files.get(file, []))
    assert cpu.count_processors() == expected


@pytest.mark.parametrize(
    ("version_2", "version_1", "expected"),
    [(["max"], [], None), (["max", "256"], [], 192), ([], ["100"], 36), (["64"], [], 2)],
)
def test_what_may_be_started_leaves_threads_for_all_else(
    version_2: list[str], version_1: list[str], expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {("pids.max", ""): version_2, ("pids.max", "pids"): version_1}
    monkeypatch.setattr(cgroup, "read", lambda file, controller="": files[file, controller])
    assert cpu.most_threads() == (expected or sys.maxsize - cpu.OTHER_THREADS)


def test_libraries_keep_to_one_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in cpu.LIBRARIES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    cpu.keep_libraries_to_one_thread()
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such policy")
@pytest.mark.parametrize(("before", "after"), [("SCHED_OTHER", "SCHED_BATCH"), ("SCHED_IDLE", "SCHED_IDLE")])
def test_a_thread_waits_for_others_alone_and_as_somebody_chose(before: str, after: str) -> None:
    found: list[int] = []

    def work() -> None:
        os.sched_setscheduler(0, getattr(os, before), os.sched_param(0))
        cpu.wait_for_others()
        found.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [getattr(os, after)]
    assert os.sched_getscheduler(0) != os.SCHED_BATCH
