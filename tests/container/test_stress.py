"""What the service promises under load, under faults and through change, with every request counted.

The load comes straight to the container's own address, so that nothing in between answers or drops anything.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from container.conftest import CELLS, write_sums
from load import Check, Load, Result, make_request
from project import TEMPLATE, Project, run

pytestmark = [
    pytest.mark.stress,
    pytest.mark.parametrize("answers", [cell for cell in CELLS if cell["model_runtime"] == "onnxruntime"]),
]
MAKE_MODELS = TEMPLATE / "tools" / "serving" / "make_models.py"
MEBIBYTE = 1 << 20
SWITCHES = 50
FLOOD_SECONDS = 30
FLOOD_FACTOR = 20


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX files: two that answer differently, and one that takes its time."""
    directory = tmp_path_factory.mktemp("networks")
    sizes = ["first=64-64-10", "second=64-96-10", "slow=512-8192-8192-512"]
    run(["uv", "run", "--quiet", "--script", str(MAKE_MODELS), str(directory), *sizes], directory)
    return directory


def add_version(volume: Path, name: str, version: str, file: Path) -> None:
    """Put a model on a volume as `add` does: whole, or not at all."""
    staging = volume / f".tmp-{name}-{version}"
    staging.mkdir(parents=True)
    shutil.copyfile(file, staging / "model.onnx")
    write_sums(staging)
    (volume / name).mkdir(exist_ok=True)
    staging.rename(volume / name / version)


def pin(volume: Path, name: str, version: str) -> None:
    """Pin a version as `use` does."""
    new = volume / ".tmp-pin"
    new.write_text(f"{version}\n")
    new.rename(volume / name / ".pinned")


@pytest.fixture
def volume(tmp_path: Path, networks: Path) -> Path:
    """A volume with two versions of one model, the first of them pinned."""
    volume = tmp_path / "models"
    volume.mkdir()
    for version, file in {"1": "first", "2": "second"}.items():
        add_version(volume, "network", version, networks / f"{file}.onnx")
    pin(volume, "network", "1")
    return volume


def ask_for(columns: int) -> bytes:
    """Return a request for one row of a network."""
    tensor = {"name": "x", "shape": [1, columns], "datatype": "FP32", "data": [0.5] * columns}
    return make_request("POST", "/v2/models/network/infer", json.dumps({"inputs": [tensor]}).encode())


@contextmanager
def serving(project: Project, volume: Path, **settings: object) -> Iterator[str]:
    """Start the service on a volume; give the address of its container."""
    environment = {name: str(value) for name, value in settings.items()}
    with project.running("--wait", MODEL_VOLUME=str(volume), SERVE_PREDICT="false", **environment):
        yield project.address()


@contextmanager
def under_load(
    host: str, request: bytes, connections: int = 16, check: Check | None = None
) -> Iterator[Load]:
    """Ask all the while; once this ends, the load's result is complete."""
    load = Load(host, 8000, request, connections, check)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: asyncio.run(load.run()))
        try:
            time.sleep(1)
            yield load
            time.sleep(1)
        finally:
            load.stop()
            running.result(timeout=60)


def resident(project: Project) -> float:
    """Return the MiB of memory that the service's process holds for itself."""
    pid = project.inspect("{{.State.Pid}}")
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def served_version(project: Project) -> str:
    return project.get("/health")[1]["model"]["version"]


def assert_all_answered(result: Result) -> None:
    """Check that no request was lost, refused or answered wrongly."""
    assert result.statuses.keys() == {200}, result.summary()
    assert (result.wrong, result.refused, result.lost) == (0, 0, {}), result.summary()


def test_fifty_switches_of_the_version_lose_no_request_and_no_memory(
    project: Project, volume: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: dict[str, list[float]] = {}

    def is_right(_: int, body: bytes) -> bool:
        """Whether the numbers are those of the version that the answer names."""
        answer = json.loads(body)
        return answers[answer["model_version"]] == pytest.approx(answer["outputs"][0]["data"], abs=1e-5)

    def switch(version: str) -> None:
        pin(volume, "network", version)
        wait_for(lambda: served_version(project) == version)

    def learn(version: str) -> None:
        switch(version)
        _, _, body = ask_for(64).partition(b"\r\n\r\n")
        answer = project.ask("/v2/models/network/infer", body)
        assert answer["model_version"] == version
        answers[version] = answer["outputs"][0]["data"]

    with serving(project, volume, MODEL_RELOAD_SECONDS=0.1) as host:
        for version in ("2", "1"):
            learn(version)
        assert answers["1"] != answers["2"]
        with under_load(host, ask_for(64), check=is_right) as load:
            for number in range(10):
                switch("21"[number % 2])
            before = resident(project)
            for number in range(SWITCHES):
                switch("21"[number % 2])
            after = resident(project)
        log = project.compose("logs", "service")
    assert_all_answered(load.result)
    assert load.result.statuses[200] > 1000
    assert log.count("network/2") >= SWITCHES / 2
    with capsys.disabled():
        print(
            f"\n{project.image}: {SWITCHES} switches, {before:.0f} → {after:.0f} MiB, {load.result.summary()}"
        )
    assert after < before * 1.1 + 8


def test_a_version_that_is_damaged_or_not_yet_whole_never_disturbs_the_one_that_serves(
    project: Project, volume: Path, networks: Path
) -> None:
    (volume / "network" / ".pinned").unlink()
    with serving(project, volume, MODEL_RELOAD_SECONDS=0.1) as host:
        with under_load(host, ask_for(64)) as load:
            add_version(volume, "network", "3", networks / "first.onnx")
            wait_for(lambda: served_version(project) == "3")
            damaged = volume / "network" / "4"
            shutil.copytree(volume / "network" / "2", damaged)
            content = bytearray((damaged / "model.onnx").read_bytes())
            content[len(content) // 2] ^= 1
            (damaged / "model.onnx").write_bytes(content)
            wait_for(lambda: project.get("/health")[1]["reload"] is not None)
            status, health = project.get("/health")
            copying = volume / "network" / "5"
            copying.mkdir()
            with (networks / "slow.onnx").open("rb") as source, (copying / "model.onnx").open("wb") as target:
                while piece := source.read(8 * MEBIBYTE):
                    target.write(piece)
                    target.flush()
                    time.sleep(0.05)
        assert served_version(project) == "3"
    assert status == 200
    assert "network/4" in json.dumps(health["reload"])
    assert_all_answered(load.result)


def test_files_that_are_replaced_or_taken_away_change_nothing_for_what_is_loaded(
    project: Project, volume: Path, networks: Path
) -> None:
    with serving(project, volume, MODEL_RELOAD_SECONDS=0.1) as host:
        with under_load(host, ask_for(64)) as load:
            new = volume / "network" / "1" / ".tmp-new"
            shutil.copyfile(networks / "second.onnx", new)
            new.rename(volume / "network" / "1" / "model.onnx")
            time.sleep(1)
            shutil.rmtree(volume / "network")
            time.sleep(1)
            assert project.get("/health/ready")[0] == 200
        assert project.get("/health")[0] == 200
    assert_all_answered(load.result)


def test_a_flood_ends_every_request_bounds_the_memory_and_is_over_when_it_is_over(
    project: Project, tmp_path: Path, networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    volume = tmp_path / "slow"
    volume.mkdir()
    add_version(volume, "network", "1", networks / "slow.onnx")
    limits = {"MAX_BATCH_SIZE": 1, "MAX_QUEUE_SIZE": 16, "REQUEST_TIMEOUT_SECONDS": 2}
    # One thread, and no line for each request, so that there can be so many times what it can answer.
    limits |= {"INFERENCE_THREADS": 1, "LOG_LEVEL": "warning"}
    with serving(project, volume, **limits) as host:
        request = ask_for(512)
        capacity = asyncio.run(Load(host, 8000, request, 4).run(3))
        assert capacity.statuses.keys() == {200}
        before = resident(project)
        with under_load(host, request, connections=256) as load:
            highest = max(resident(project) for _ in range(FLOOD_SECONDS) if time.sleep(1) is None)
            live = max(measure(project, "/health/live") for _ in range(10))
        time.sleep(1)
        afterwards = asyncio.run(Load(host, 8000, request, 1).run(2))
    flood = load.result
    offered = flood.statuses.total() / flood.seconds
    possible = capacity.statuses.total() / capacity.seconds
    with capsys.disabled():
        print(
            f"\n{project.image}: {offered:.0f} requests/s on a capacity of {possible:.0f}, "
            f"{before:.0f} → {highest:.0f} MiB, /health/live within {live * 1000:.0f} ms, {flood.summary()}"
        )
    assert flood.statuses.keys() <= {200, 503, 504}
    assert (flood.lost, flood.refused) == ({}, 0)
    assert offered > FLOOD_FACTOR * possible
    assert flood.statuses[200] > 0
    assert highest < before + 100
    assert afterwards.statuses.keys() == {200}
    assert afterwards.quantile(0.5) < 10 * capacity.quantile(0.5)


def measure(project: Project, path: str) -> float:
    """Return the seconds that an answer takes."""
    began = time.monotonic()
    assert project.get(path)[0] == 200
    return time.monotonic() - began
