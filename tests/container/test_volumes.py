"""A model volume with a container's own user and runtime; a project tests what else may be wrong."""

import os
import re
from pathlib import Path

import pytest
from container.conftest import default, every_layout, last_words
from project import CommandFailedError, Project, run


@pytest.fixture
def directory(volume: Path) -> Path:
    """The directory of the model's files on the volume."""
    (sums,) = volume.rglob("SHA256SUMS")
    return sums.parent


@default
def test_a_file_that_may_not_be_read_ends_in_its_sentence(
    project: Project, volume: Path, directory: Path
) -> None:
    (directory / "model.onnx").chmod(0o600)
    said = last_words(project, MODEL_VOLUME=volume)
    assert "/models/digits/1/model.onnx may not be read by uid 65532: run `chmod -R a+rX" in said


@default
def test_a_truncated_model_ends_in_its_sentence(project: Project, volume: Path, directory: Path) -> None:
    (directory / "SHA256SUMS").unlink()
    os.truncate(directory / "model.onnx", 300)
    said = last_words(project, MODEL_VOLUME=volume)
    assert "/models/digits/1/model.onnx" in said
    assert said.endswith(": export the model again")


@every_layout
def test_an_unreadable_volume_ends_in_a_sentence(project: Project, volume: Path) -> None:
    volume.chmod(0o700)
    assert re.search(r"/models\S* may not be read by uid 65532", last_words(project, MODEL_VOLUME=volume))


@default
def test_what_others_leave_on_a_volume_does_no_harm(project: Project, volume: Path, directory: Path) -> None:
    (directory / "SHA256SUMS").unlink()
    for name in ("._model.onnx", ".DS_Store", ".gitattributes", "config.json"):
        (directory / name).write_bytes(b"\0")
    (directory / ".cache" / "huggingface").mkdir(parents=True)
    (directory / "lost+found").mkdir(mode=0o700)
    Path(os.fsdecode(bytes(directory) + b"/\xff\n")).touch()
    for number in range(10_000):
        (directory.parent / f"stray-{number}").touch()
    with project.running(MODEL_VOLUME=volume):
        assert project.predict()["digit"] == 7
        log = project.compose("logs", "service")
    assert log.count("SHA256SUMS") == 1  # a warning


@default
def test_a_path_that_does_not_exist_fails_at_up_and_is_not_created(project: Project, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with (
        pytest.raises(CommandFailedError, match="bind source path does not exist"),
        project.started(MODEL_VOLUME=missing),
    ):
        pass
    assert not missing.exists()


def make_up(project: Project, **settings: object) -> str:
    with project.settings(**settings):
        try:
            return run(["make", "up"], project.path, HOST_PORT=str(project.port))
        finally:
            project.compose("down", "--timeout", "0")


@default
def test_make_up_shows_the_sentence_of_a_spoilt_volume(
    project: Project, volume: Path, directory: Path
) -> None:
    with (directory / "model.onnx").open("ab") as file:
        file.write(b"!")
    with pytest.raises(CommandFailedError) as caught:
        make_up(project, MODEL_VOLUME=volume)
    assert "model.onnx is damaged or was changed" in str(caught.value)
    assert "the service is not ready" in str(caught.value)


@default
def test_make_up_mends_the_modes_that_a_strict_umask_left(
    project: Project, volume: Path, directory: Path
) -> None:
    for path in (directory / "model.onnx", directory / "SHA256SUMS", directory, directory.parent, volume):
        path.chmod(path.stat().st_mode & 0o700)
    make_up(project, MODEL_VOLUME=volume)
