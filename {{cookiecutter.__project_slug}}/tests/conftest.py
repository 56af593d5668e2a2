"""A model volume of its own for each test, and services that run on it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.serving.readiness import Readiness, State
from service.settings import Settings
from service.volume import checksums, model_repository, staging

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume with nothing but the model that the project's own volume serves, in plain files."""
    models, volume = PROJECT / "models", tmp_path_factory.mktemp("served") / "models"
    found = model_repository.find(Settings(model_repository=models))
    inside = found.directory.relative_to(models)
    # As in a new project: a numbered version is the first, and what is kept out of sight lies at the root.
    directory = volume if str(inside).startswith(".") else volume / inside
    directory = directory.with_name("1") if directory.name.isdecimal() else directory
    directory.mkdir(parents=True, exist_ok=True)
    files = {name: found.directory / name for name in checksums.list_files(found.directory)}
    digests = staging.copy(files, found.directory, directory)
    (directory / checksums.FILE_NAME).write_text(checksums.format_list(digests))
    return volume


@pytest.fixture
def volume(served: Path, tmp_path: Path) -> Path:
    """A volume of the test's own, which it may change."""
    return Path(shutil.copytree(served, tmp_path / "models"))


@pytest.fixture
def settings(volume: Path) -> Settings:
    return Settings(model_repository=volume)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of an application whose model is ready."""
    readiness = Readiness()
    with TestClient(create_app(settings, readiness)) as client:
        wait_until(lambda: readiness.status.state is not State.LOADING)
        yield client


@dataclass
class Service:
    """A service in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}")

    def is_live(self) -> bool:
        return self.answers("/health/live")

    def is_ready(self) -> bool:
        return self.answers("/health/ready")

    def answers(self, path: str) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            return self.get(path).is_success
        except httpx2.TransportError:
            return False


Start = Callable[..., Service]


@pytest.fixture
def start(volume: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a service on the test's volume, with settings as keyword arguments and a log or a descriptor."""
    services: list[Service] = []

    def start(stderr: int | None = None, **settings: object) -> Service:
        port = free_port()
        ours = {"HOST": "127.0.0.1", "PORT": port, "MODEL_REPOSITORY": volume, **settings}
        environment = os.environ | {name: str(value) for name, value in ours.items()}
        log = tmp_path / f"{port}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "service"], env=environment, stderr=file if stderr is None else stderr
            )
        services.append(Service(process, port, log))
        return services[-1]

    yield start
    for service in services:
        service.process.kill()
        service.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def fill(pipe: int) -> int:
    """Write to a pipe until it is full; return how many bytes that took."""
    os.set_blocking(pipe, False)
    written = 0
    with suppress(BlockingIOError):
        while True:
            written += os.write(pipe, b"x")
    os.set_blocking(pipe, True)
    return written
