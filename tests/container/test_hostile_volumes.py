"""What may be wrong with a volume, in each layout: a container ends in one sentence, or does not mind."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import CHOICES, nearest
from container.conftest import last_words, write_sums
from project import Project

every_layout = pytest.mark.parametrize(
    "answers", [nearest("model_layout", layout) for layout in CHOICES["model_layout"]]
)


@pytest.fixture
def directory(volume: Path) -> Path:
    """The directory of the model's files on the volume."""
    (sums,) = volume.rglob("SHA256SUMS")
    return sums.parent


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def lose(directory: Path) -> None:
    (directory / "model.onnx").unlink()


def damage(directory: Path) -> None:
    with (directory / "model.onnx").open("ab") as file:
        file.write(b"!")


def escape(directory: Path) -> None:
    with (directory / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../../etc/passwd\n")


def dangle(directory: Path) -> None:
    lose(directory)
    (directory / "model.onnx").symlink_to("gone.onnx")


def lead_out(directory: Path) -> None:
    lose(directory)
    (directory / "model.onnx").symlink_to("/etc/hostname")


def loop(directory: Path) -> None:
    lose(directory)
    (directory / "model.onnx").symlink_to("model.onnx")


def deny(directory: Path) -> None:
    (directory / "model.onnx").chmod(0o600)


def truncate(directory: Path) -> None:
    content = (directory / "model.onnx").read_bytes()
    (directory / "model.onnx").write_bytes(content[: len(content) // 2])
    write_sums(directory)


def confuse(directory: Path) -> None:
    (directory / "model.onnx").write_bytes(b"PK\x03\x04 a model of something else")
    write_sums(directory)


def half_copy(directory: Path) -> None:
    (directory / "SHA256SUMS").unlink()


@every_layout
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (empty, "model"),
        (lose, "model"),
        (damage, "model.onnx is damaged or was changed"),
        (escape, "names '../../etc/passwd', which is not a file beside it"),
        (dangle, "model"),
        (lead_out, "leads out of the volume, to /etc/hostname"),
        (loop, "model"),
        (deny, "model.onnx may not be read by uid 65532"),
        (truncate, "ONNX Runtime cannot run"),
        (confuse, "ONNX Runtime cannot run"),
        (half_copy, "SHA256SUMS is missing, so the model cannot be verified"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoilt_volume_ends_in_its_sentence(
    project: Project, volume: Path, directory: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(directory)
    said = last_words(project, MODEL_VOLUME=str(volume))
    assert said.startswith(("/models", "ONNX Runtime cannot run /models"))
    assert sentence in said


@every_layout
def test_ten_thousand_stray_files_do_no_harm(project: Project, volume: Path, directory: Path) -> None:
    for number in range(10_000):
        (volume / f"stray-{number}").touch()
    if directory == volume:
        assert "does not list 'stray-0'" in last_words(project, MODEL_VOLUME=str(volume))
    else:
        with project.running("--wait", MODEL_VOLUME=str(volume)):
            assert project.predict()


@every_layout
def test_a_volume_without_anything_ends_in_a_sentence(project: Project, volume: Path) -> None:
    shutil.rmtree(volume)
    volume.mkdir()
    assert last_words(project, MODEL_VOLUME=str(volume)).startswith("/models")
