"""What cannot work ends with one sentence and a non-zero exit."""

import shutil
from pathlib import Path

import pytest
from container.conftest import every_base, last_words
from project import CommandFailedError, Project


@every_base
def test_a_missing_model(project: Project, volume: Path) -> None:
    shutil.rmtree(volume / "digits")
    assert last_words(project, MODEL_VOLUME=str(volume)) == (
        "/models holds no model: put one at /models/NAME/1/model.onnx, for any name"
    )


@every_base
def test_a_wrong_checksum(project: Project, volume: Path) -> None:
    with (volume / "digits" / "1" / "model.onnx").open("ab") as model:
        model.write(b"!")
    sentence = last_words(project, MODEL_VOLUME=str(volume))
    assert sentence.startswith("/models/digits/1/model.onnx is damaged or was changed (its checksum begins ")
    assert sentence.endswith("sha256sum -- * > SHA256SUMS` in the directory behind /models/digits/1")


@every_base
@pytest.mark.parametrize(
    ("spoilt", "mode"), [("digits/1/model.onnx", 0o600), ("digits/1", 0o700), ("digits", 0o000), (".", 0o700)]
)
def test_a_volume_that_may_not_be_read(project: Project, volume: Path, spoilt: str, mode: int) -> None:
    path = volume / spoilt
    path.chmod(mode)
    try:
        sentence = last_words(project, MODEL_VOLUME=str(volume))
    finally:
        path.chmod(0o755)
    shown = "/models" if spoilt == "." else f"/models/{spoilt}"
    assert sentence.startswith(f"{shown} may not be read by uid 65532, it belongs to uid ")
    assert f"with mode {mode:04o}: run `chmod -R a+rX`" in sentence


@every_base
def test_a_pinned_version_that_is_missing(project: Project) -> None:
    assert last_words(project, MODEL_VERSION="7") == (
        "/models/digits has no version 7 but 1: set MODEL_VERSION to one of them or to latest"
    )


@every_base
def test_a_setting_that_cannot_work(project: Project) -> None:
    assert last_words(project, DRAIN_SECONDS="soon").startswith("DRAIN_SECONDS is 'soon' but must be")


@every_base
def test_a_host_path_that_does_not_exist_fails_at_up_and_is_not_created(
    project: Project, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(CommandFailedError, match="bind source path does not exist"):
        project.compose("up", "--detach", MODEL_VOLUME=str(missing))
    project.compose("down")
    assert not missing.exists()


@every_base
def test_a_build_without_a_lock_says_how_to_make_it(project: Project, tmp_path: Path) -> None:
    copy = Project(Path(shutil.copytree(project.path, tmp_path / project.image)))
    (copy.path / "uv.lock").unlink()
    with pytest.raises(CommandFailedError, match=r"uv\.lock is missing: run `make lock`, then build again"):
        copy.compose("build")
