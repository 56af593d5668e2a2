"""Another version under a running container: what takes over, what does not, and what is too large."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import nearest
from container.conftest import last_words, write_sums
from project import Project

glibc_bases = pytest.mark.parametrize(
    "answers", [nearest("base_image", base) for base in ("slim", "distroless")]
)
SOON = {"MODEL_RELOAD_SECONDS": "0.1"}


def publish(volume: Path, version: str, spoil: Callable[[Path], None] = lambda _: None) -> None:
    """Put a copy of version 1 on a volume as somebody without our command would: whole, by renaming it."""
    new = Path(shutil.copytree(volume / "digits" / "1", volume / "digits" / f".tmp-{version}"))
    spoil(new / "model.onnx")
    new.rename(volume / "digits" / version)


def damage(file: Path) -> None:
    with file.open("ab") as content:
        content.write(b"!")


def use(project: Project, volume: Path, version: str) -> str:
    """Pin a version with the service's own command, in a container that may write to the volume."""
    command = ["run", "--rm", "--no-TTY", "--user=0", f"--volume={volume}:/models"]
    command += ["--entrypoint=/opt/venv/bin/python", "service", "-m", "service.models", "use", version]
    return project.compose(*command)


def wait_for(project: Project, condition: Callable[[dict], bool]) -> dict:
    """Wait until a service that is ready all the time says what it should; return what it says."""
    deadline = time.monotonic() + 30
    while True:
        status, health = project.get("/health")
        assert status == 200, health
        if condition(health):
            return health
        assert time.monotonic() < deadline, health
        time.sleep(0.05)


@glibc_bases
def test_a_new_version_takes_over_and_a_pin_goes_back(project: Project, volume: Path) -> None:
    with project.running("--wait", MODEL_VOLUME=str(volume), **SOON):
        publish(volume, "2")
        wait_for(project, lambda health: health["model"]["version"] == "2")
        assert project.predict()["digit"] == 7
        assert use(project, volume, "1").endswith("the next start or reload serves digits/1\n")
        wait_for(project, lambda health: health["model"]["version"] == "1")
        log = project.compose("logs", "service")
        assert project.inspect("{{.RestartCount}}") == "0"
    assert "model digits/2 takes over from digits/1" in log
    assert "model digits/1 takes over from digits/2" in log


@glibc_bases
def test_a_damaged_version_keeps_the_one_that_serves(project: Project, volume: Path) -> None:
    with project.running("--wait", MODEL_VOLUME=str(volume), **SOON):
        publish(volume, "2", damage)
        health = wait_for(project, lambda health: health["reload"] is not None)
        assert health["model"]["version"] == "1"
        assert health["reload"]["version"] == "2"
        assert health["reload"]["reason"].startswith("/models/digits/2/model.onnx is damaged or was changed")
        assert project.get("/health/ready")[0] == 200
        assert project.predict()["digit"] == 7
        shutil.rmtree(volume / "digits" / "2")
        wait_for(project, lambda health: health["reload"] is None)
        log = project.compose("logs", "service")
    assert log.count("model digits/1 stays, no other can be served") == 1


@glibc_bases
def test_a_volume_that_vanishes_is_missed_and_what_was_loaded_goes_on(project: Project, volume: Path) -> None:
    with project.running("--wait", MODEL_VOLUME=str(volume), **SOON):
        (volume / "digits").rename(volume / ".elsewhere")
        health = wait_for(project, lambda health: health["reload"] is not None)
        assert health["reload"]["version"] is None
        assert project.predict()["digit"] == 7
        (volume / ".elsewhere").rename(volume / "digits")
        wait_for(project, lambda health: health["reload"] is None)


@glibc_bases
def test_a_model_that_is_larger_than_the_memory_is_refused_in_one_sentence(
    project: Project, volume: Path
) -> None:
    file = volume / "digits" / "1" / "model.onnx"
    with file.open("r+b") as content:
        content.truncate(300 << 20)
    write_sums(file.parent)
    sentence = last_words(project, MODEL_VOLUME=str(volume), MEMORY_LIMIT="256m")
    assert sentence.startswith(
        "/models/digits/1/model.onnx has 300 MiB, and of the 256 MiB of memory that this container may use "
    )
    assert sentence.endswith(" MiB are free: raise MEMORY_LIMIT")
