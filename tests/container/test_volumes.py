"""What may be wrong with a model volume: the container ends in one sentence, or does not mind."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import nearest
from container.conftest import default, every_layout, last_words
from project import CommandFailedError, Project, run


@pytest.fixture
def directory(volume: Path) -> Path:
    """The directory of the model's files on the volume."""
    (sums,) = volume.rglob("SHA256SUMS")
    return sums.parent


def write_sums(directory: Path, line: str = "{digest}  model.onnx\n") -> None:
    digest = hashlib.sha256((directory / "model.onnx").read_bytes()).hexdigest()
    (directory / "SHA256SUMS").write_text(line.format(digest=digest, capitals=digest.upper()))


def replace_model(directory: Path, content: bytes) -> None:
    (directory / "model.onnx").unlink()
    (directory / "model.onnx").write_bytes(content)
    write_sums(directory)


def link_model(directory: Path, target: str) -> None:
    (directory / "model.onnx").unlink()
    (directory / "model.onnx").symlink_to(target)


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def damage(directory: Path) -> None:
    with (directory / "model.onnx").open("ab") as file:
        file.write(b"!")


def leave_the_directory(directory: Path) -> None:
    with (directory / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../../../../etc/hostname\n")


def dangle(directory: Path) -> None:
    link_model(directory, "gone.onnx")


def lead_out(directory: Path) -> None:
    link_model(directory, "/etc/hostname")


def loop(directory: Path) -> None:
    link_model(directory, "model.onnx")


def deny(directory: Path) -> None:
    (directory / "model.onnx").chmod(0o600)


def truncate(directory: Path) -> None:
    replace_model(directory, (directory / "model.onnx").read_bytes()[:300])


def point_to_git_lfs(directory: Path) -> None:
    replace_model(directory, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


def block(directory: Path) -> None:
    (directory / "model.onnx").unlink()
    os.mkfifo(directory / "model.onnx", 0o644)


SPOILT = [
    (empty, "model"),
    (damage, "model.onnx is damaged or was changed"),
    (leave_the_directory, "leads out of the volume"),
    (dangle, "model.onnx is missing, or is a link to what is"),
    (lead_out, "leads out of the volume"),
    (loop, "model.onnx"),
    (deny, "model.onnx may not be read by uid 65532: run `chmod -R a+rX`"),
    (truncate, "model.onnx"),
    (point_to_git_lfs, "is a Git LFS pointer: run `git lfs pull`"),
    (block, "model.onnx is not a file"),
]


@default
@pytest.mark.parametrize(
    ("spoil", "sentence"), SPOILT, ids=lambda value: value.__name__ if callable(value) else ""
)
def test_a_spoilt_volume_ends_in_its_sentence(
    project: Project, volume: Path, directory: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(directory)
    said = last_words(project, MODEL_VOLUME=volume)
    assert "/models" in said
    assert sentence in said


@every_layout
def test_an_empty_or_unreadable_volume_ends_in_a_sentence(project: Project, volume: Path) -> None:
    shutil.rmtree(volume)
    volume.mkdir()
    assert re.search(
        r"/models\b.* put .* there|put one at /models/", last_words(project, MODEL_VOLUME=volume)
    )
    volume.chmod(0o700)
    assert re.search(r"/models\S* may not be read by uid 65532", last_words(project, MODEL_VOLUME=volume))


@pytest.mark.parametrize("answers", [nearest("model_layout", "huggingface")])
def test_the_parent_of_a_hub_cache_is_named(project: Project, volume: Path, tmp_path: Path) -> None:
    shutil.move(volume, tmp_path / "cache" / "hub")
    assert "hub" in last_words(project, MODEL_VOLUME=tmp_path / "cache")


def forget_the_sums(directory: Path) -> None:
    (directory / "SHA256SUMS").unlink()


def tag_the_sums(directory: Path) -> None:
    write_sums(directory, "SHA256 (model.onnx) = {digest}\n")


def write_sums_in_capitals(directory: Path) -> None:
    write_sums(directory, "{capitals} *./model.onnx\r\n")


def leave_traces_of_systems(directory: Path) -> None:
    for name in ("._model.onnx", ".DS_Store", ".gitattributes", "config.json"):
        (directory / name).write_bytes(b"\0")
    (directory / ".cache" / "huggingface").mkdir(parents=True)
    (directory / "lost+found").mkdir(mode=0o700)
    Path(os.fsdecode(bytes(directory) + b"/\xff\n")).touch()


def scatter_files(directory: Path) -> None:
    for number in range(10_000):
        (directory.parent / f"stray-{number}").touch()


HARMLESS = [
    forget_the_sums,
    tag_the_sums,
    write_sums_in_capitals,
    leave_traces_of_systems,
    scatter_files,
]


@default
@pytest.mark.parametrize("leave", HARMLESS, ids=lambda leave: leave.__name__)
def test_what_others_leave_on_a_volume_does_no_harm(
    project: Project, volume: Path, directory: Path, leave: Callable[[Path], None]
) -> None:
    leave(directory)
    with project.running("--wait", MODEL_VOLUME=volume):
        assert project.predict()["digit"] == 7
        log = project.compose("logs", "service")
    assert ("is served unverified: no SHA256SUMS lies beside it" in log) == (leave is forget_the_sums)


@default
def test_checksums_can_be_required(project: Project, volume: Path, directory: Path) -> None:
    forget_the_sums(directory)
    said = last_words(project, MODEL_VOLUME=volume, REQUIRE_CHECKSUMS="true")
    assert "SHA256SUMS is missing, and REQUIRE_CHECKSUMS is set" in said


@pytest.mark.parametrize("answers", [nearest("model_layout", "flat")])
def test_a_model_in_a_configmap_is_served(project: Project, tmp_path: Path) -> None:
    volume = tmp_path / "configmap"
    shutil.copytree(project.path / "models", volume / "..2026_11_29")
    (volume / "..data").symlink_to("..2026_11_29")
    for file in list((volume / "..data").iterdir()):
        (volume / file.name).symlink_to(f"..data/{file.name}")
    with project.running("--wait", MODEL_VOLUME=volume):
        assert project.predict()["digit"] == 7


@default
def test_a_path_that_does_not_exist_fails_at_up_and_is_not_created(project: Project, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with (
        pytest.raises(CommandFailedError, match="bind source path does not exist"),
        project.running(MODEL_VOLUME=missing),
    ):
        pass
    assert not missing.exists()


def make_up(project: Project, **settings: object) -> str:
    with project.settings(**settings):
        try:
            return run(["make", "up"], project.path, HOST_PORT=str(project.port))
        finally:
            project.compose("down", "--timeout", "1")


@default
def test_make_up_shows_the_sentence_of_a_spoilt_volume(
    project: Project, volume: Path, directory: Path
) -> None:
    damage(directory)
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
