"""Which model is served from a Hugging Face hub cache, or from one snapshot."""

import hashlib
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_repository import find, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
COMMIT, OTHER = "c0ffee" * 6 + "c0ff", "b" * 40
# `printf '{}\n' | git hash-object --stdin`
CONFIG, CONFIG_SHA1 = b"{}\n", "0967ef424bce6791893e9a57bb952f80fd536e93"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a service whose volume is a hub cache with one model, checksums demanded."""
    add(tmp_path, "models--org--name", FILE_NAME)
    return Settings(model_repository=tmp_path, require_checksums=True)


def add(cache: Path, model: str, file: str, commit: str = COMMIT) -> None:
    """Add a snapshot as huggingface_hub does: a file by its SHA-256, and a small one by git's SHA-1."""
    for digest, content, name in ((SHA256, CONTENT, file), (CONFIG_SHA1, CONFIG, "config.json")):
        blob, link = cache / model / "blobs" / digest, cache / model / "snapshots" / commit / name
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob.relative_to(link.parent, walk_up=True))
    (cache / model / "refs").mkdir(exist_ok=True)
    (cache / model / "refs" / "main").write_text(commit)


def change(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_a_cache_is_verified_by_the_names_of_its_blobs(settings: Settings) -> None:
    found = find(settings)
    verify(found, settings)
    assert (found.name, found.version, found.directory.name) == ("org/name", COMMIT, COMMIT)


@pytest.mark.parametrize("name", [FILE_NAME, "config.json"])
def test_a_damaged_or_missing_blob_is_refused(settings: Settings, name: str) -> None:
    found = find(settings)
    (found.directory / name).write_bytes(b"other")
    with pytest.raises(ModelError, match=f"{name} is damaged or was changed: download"):
        verify(found, settings)
    (found.directory / name).resolve().unlink()
    with pytest.raises(ModelError, match=f"{name} is missing, or is a link to a missing file"):
        verify(found, settings)


@pytest.mark.parametrize("version", ["latest", "main", COMMIT])
def test_a_ref_or_a_commit_picks_the_snapshot(settings: Settings, version: str) -> None:
    (settings.model_repository / "models--org--name" / "snapshots" / OTHER).mkdir()
    assert find(change(settings, model_version=version)).version == COMMIT


@pytest.mark.parametrize("name", [FILE_NAME, f"other{Path(FILE_NAME).suffix}"])
def test_the_file_may_be_in_a_directory_and_have_any_name(tmp_path: Path, name: str) -> None:
    add(tmp_path, "models--org--name", f"onnx/{name}")
    settings = Settings(model_repository=tmp_path, require_checksums=True)
    with pytest.raises(ModelError, match=f"there is onnx/{name}: set MODEL_FILE=onnx/{name}"):
        find(settings)
    found = find(change(settings, model_file=f"onnx/{name}"))
    verify(found, settings)
    assert (found.version, found.file.parts[-2:]) == (COMMIT, ("onnx", name))


def test_a_snapshot_by_itself_is_served_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".cache" / "huggingface").mkdir(parents=True)
    (tmp_path / FILE_NAME).write_bytes(CONTENT)
    settings = Settings(model_repository=tmp_path)
    found = find(settings)
    verify(found, settings)
    assert (str(found), found.directory, len(caplog.messages)) == ("model/1", tmp_path, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_version": "v2"}, f"has no snapshot for v2 but {COMMIT}: set MODEL_VERSION to one of them"),
        ({"model_name": "org/new"}, "holds org/name: set MODEL_NAME to one of them"),
        ({"model_file": "other.bin"}, f"/other.bin is missing, but there is {FILE_NAME}: set MODEL_"),
    ],
)
def test_errors_name_what_the_volume_holds(
    settings: Settings, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        find(change(settings, **changes))


def test_a_model_has_to_be_named_when_there_are_several(settings: Settings) -> None:
    add(settings.model_repository, "models--other", FILE_NAME, OTHER)
    with pytest.raises(ModelError, match="holds org/name, other: set MODEL_NAME to one of them"):
        find(settings)
    assert str(find(change(settings, model_name="other"))) == f"other/{OTHER}"


def test_the_parent_of_a_cache_is_refused_with_the_directory_to_mount(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model: put models--ORG--NAME"):
        find(Settings(model_repository=tmp_path))
    add(tmp_path / "hub", "models--org--name", FILE_NAME)
    with pytest.raises(ModelError, match=f"{tmp_path}/hub is the hub cache: mount that directory"):
        find(Settings(model_repository=tmp_path))


def test_a_link_out_of_the_volume_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="leads out of the volume"):
        find(change(settings, model_repository=find(settings).directory))
    (tmp_path / "models--org--name" / "snapshots" / COMMIT / "labels.txt").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match=r"labels\.txt leads out of the volume"):
        verify(find(settings), settings)
