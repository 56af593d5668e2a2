"""Versions that change while the service answers (model_updates=live): no request is lost or wrong."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from container.conftest import ALL_CAPABILITIES, resident_megabytes
from load import Check, Load, Result, make_request
from project import TEMPLATE, Project, run, wait_until

pytestmark = pytest.mark.parametrize("answers", [ALL_CAPABILITIES])
MAKE_MODELS = TEMPLATE / "tools" / "serving" / "make_models.py"
SWITCHES = 30
SOON = {"MODEL_RELOAD_SECONDS": 0.2, "SERVE_PREDICT": "false"}


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX files that answer differently."""
    directory = tmp_path_factory.mktemp("networks")
    sizes = ["first=64-64-10", "second=64-96-10"]
    run(["uv", "run", "--quiet", "--script", str(MAKE_MODELS), str(directory), *sizes], directory)
    return directory


@pytest.fixture
def volume(tmp_path: Path, networks: Path) -> Path:
    """A volume with two versions of one model, the first of them pinned."""
    model = tmp_path / "models" / "network"
    for version, name in {"1": "first", "2": "second"}.items():
        (model / version).mkdir(parents=True)
        shutil.copyfile(networks / f"{name}.onnx", model / version / "model.onnx")
    (model / ".pinned").write_text("1\n")
    return model.parent


TENSOR = {"name": "x", "shape": [1, 64], "datatype": "FP32", "data": [0.5] * 64}
BODY = json.dumps({"inputs": [TENSOR]}).encode()
REQUEST = make_request("POST", "/v2/models/network/infer", BODY)


@contextmanager
def under_load(host: str, check: Check | None = None) -> Iterator[Load]:
    """Ask over 16 connections all the while; once this ends, the load's result is complete."""
    load = Load(host, 8000, REQUEST, 16, check)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: asyncio.run(load.run()))
        try:
            time.sleep(0.5)
            yield load
            time.sleep(0.5)
        finally:
            load.stop()
            running.result(timeout=60)


def wait_for(project: Project, condition: Callable[[dict], bool]) -> dict:
    """Wait until the service, which is ready all the time, says what it should; return what it says."""

    def find() -> dict | None:
        status, health = project.get("/health/ready")
        assert status == 200, health
        return health if condition(health) else None

    return wait_until(find, 30, lambda: project.get("/health/ready"))


def switch(project: Project, volume: Path, version: str) -> None:
    """Pin a version, as `use` does, and wait until it is served."""
    pin = volume / "network" / ".pinned-new"
    pin.write_text(f"{version}\n")
    pin.rename(volume / "network" / ".pinned")
    wait_for(project, lambda health: health["model"] == f"network/{version}")


def assert_all_answered(result: Result) -> None:
    assert result.statuses.keys() == {200}, result.summary()
    assert (result.wrong, result.refused, result.lost) == (0, 0, {}), result.summary()


def test_switches_under_load_lose_no_request_and_no_memory(project: Project, volume: Path) -> None:
    answers: dict[str, list[float]] = {}

    def is_right(_: int, body: bytes) -> bool:
        """Whether the numbers are those of the version that the answer names."""
        answer = json.loads(body)
        return answers[answer["model_version"]] == pytest.approx(answer["outputs"][0]["data"], abs=1e-5)

    with project.running(MODEL_VOLUME=volume, **SOON):
        for version in ("2", "1"):
            switch(project, volume, version)
            answer = project.ask("/v2/models/network/infer", BODY)
            assert answer["model_version"] == version
            answers[version] = answer["outputs"][0]["data"]
        assert answers["1"] != answers["2"]
        with under_load(project.address(), is_right) as load:
            for number in range(6):
                switch(project, volume, "21"[number % 2])
            before = resident_megabytes(project)
            for number in range(SWITCHES):
                switch(project, volume, "21"[number % 2])
            after = resident_megabytes(project)
        log = project.compose("logs", "service")
    assert_all_answered(load.result)
    assert load.result.statuses[200] > 1000
    assert log.count("model network/2 takes over from network/1") >= SWITCHES / 2
    assert after < before * 1.1 + 8


def test_a_damaged_or_half_copied_version_leaves_the_served_one_in_its_place(
    project: Project, volume: Path, networks: Path
) -> None:
    model = volume / "network"
    with project.running(MODEL_VOLUME=volume, **SOON):
        with under_load(project.address()) as load:
            (model / "3").mkdir()
            (model / "3" / "model.onnx").write_bytes((networks / "second.onnx").read_bytes()[:5000])
            (model / ".pinned").unlink()
            health = wait_for(project, lambda health: "a new version failed" in health["reason"])
            assert health["model"] == "network/1"
            assert "/models/network/3/model.onnx" in health["reason"]
            shutil.copyfile(networks / "second.onnx", model / "3" / "model.onnx")
            wait_for(project, lambda health: health["model"] == "network/3")
        log = project.compose("logs", "service")
    assert_all_answered(load.result)
    assert log.count("model network/1 stays, because no other can be served") <= 2


def test_files_that_are_taken_away_change_nothing_for_what_is_loaded(project: Project, volume: Path) -> None:
    with project.running(MODEL_VOLUME=volume, **SOON), under_load(project.address()) as load:
        (volume / "network").rename(volume / ".elsewhere")
        wait_for(project, lambda health: "a new version failed" in health["reason"])
        (volume / ".elsewhere").rename(volume / "network")
        wait_for(project, lambda health: health["reason"] == "model network/1 is served")
    assert_all_answered(load.result)
