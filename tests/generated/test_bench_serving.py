"""The benchmark of serving: the stacks that it compares do the same, each on its own core."""

import os
from pathlib import Path

import bench_serving
import pytest
from measured import MeasurementError
from project import free_port
from serving.measure import running
from serving.stacks import CASES, PREDICT_DIGITS, SERVICE, TUTORIAL, Case, Installed
from stress import first_always

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="measured on Linux alone")


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Installed]:
    return bench_serving.prepare(tmp_path_factory.mktemp("serving"), before=None)


@pytest.mark.parametrize("case", first_always(CASES), ids=lambda case: case.name)
def test_the_service_and_the_tutorial_give_the_same_answer(
    projects: dict[str, Installed], case: Case
) -> None:
    found = bench_serving.measure_all(projects, [case], rounds=1, seconds=0.3, loads=[2])
    assert [each["stack"] for each in found["cells"]] == [SERVICE, TUTORIAL]
    for cell in found["cells"]:
        assert cell["rate"] > 0
        assert 0 < cell["p50_ms"] <= cell["p99_ms"]
        assert 0 < cell["health_p50_ms"] <= cell["health_p99_ms"] <= cell["health_max_ms"]
        assert 10 < cell["cpu_us"] < 1e6
    for process in found["processes"]:
        assert 10 << 20 < process["memory"] < 1 << 30
        assert 0 < process["start"] < 60


def test_a_stack_has_its_own_core(projects: dict[str, Installed]) -> None:
    cores = os.sched_getaffinity(0)
    stack = projects["predict"].tutorial(PREDICT_DIGITS, port := free_port())
    with running(stack, port, max(cores)) as found:
        assert os.sched_getaffinity(found.process.pid) == {max(cores)}
        assert os.sched_getaffinity(0) == cores


def test_stacks_that_answer_differently_are_not_compared(projects: dict[str, Installed]) -> None:
    class Liar:
        stack = projects["predict"].tutorial(PREDICT_DIGITS, 1)

        def answer(self) -> float:
            return -1.0

    stack = projects["predict"].stack(SERVICE, PREDICT_DIGITS, port := free_port())
    with (
        running(stack, port, min(os.sched_getaffinity(0))) as found,
        pytest.raises(MeasurementError, match="not give the same answer"),
    ):
        bench_serving.check_answers([found, Liar()])


def test_a_stack_that_does_not_start_is_reported_with_its_log(projects: dict[str, Installed]) -> None:
    stack = projects["predict"].stack(SERVICE, PREDICT_DIGITS, port := free_port())
    stack.environment["MODEL_REPOSITORY"] = str(Path(__file__).parent)
    with pytest.raises(MeasurementError, match=r"(?s)does not answer.*model"):
        running(stack, port, min(os.sched_getaffinity(0))).__enter__()
