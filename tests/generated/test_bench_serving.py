"""The benchmark of serving: its models, and that the stacks it compares do the same."""

import os
from pathlib import Path

import bench_serving
import pytest
from serving.measure import running
from serving.stacks import MODELS, TEMPLATE, TUTORIAL

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="measured on Linux alone")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return bench_serving.prepare(tmp_path_factory.mktemp("serving"))


def test_all_stacks_give_the_same_answers(prepared: tuple[Path, Path]) -> None:
    bench_serving.check_answers(*prepared, core=min(os.sched_getaffinity(0)))
    with running(TEMPLATE, "tiny", *prepared, core=min(os.sched_getaffinity(0))) as found:
        assert len(found.answer()) == int(MODELS["tiny"].split("-")[-1])
        assert any(found.answer())


def test_a_stack_is_measured_on_its_own_core(prepared: tuple[Path, Path]) -> None:
    cores = sorted(os.sched_getaffinity(0))
    with running(TUTORIAL, "tiny", *prepared, core=cores[0]) as found:
        assert os.sched_getaffinity(found.process.pid) == {cores[0]}
        figures = found.measure(connections=4, seconds=0.3, core=cores[-1])
        assert 10 << 20 < found.memory() < 1 << 30
    assert figures["rate"] > 10
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert 0 < figures["health_p50_ms"] <= figures["health_p99_ms"] <= figures["health_max_ms"]
    assert os.sched_getaffinity(0) == set(cores)
