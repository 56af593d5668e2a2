"""What changing a volume of this layout keeps, refuses and leaves alone."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import model_repository, model_store
from service.volume.model_store import Note


def add(volume: Path, source: Path, name: str | None = None, version: str | None = None) -> str:
    """Add a model that need not prove itself."""
    return str(model_store.add(volume, source, name, version, lambda _: None))


@pytest.fixture
def sample(settings: Settings) -> str:
    """The name of the sample."""
    return model_repository.find(settings).name


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    """A directory of files, some of them in a directory below, to be added."""
    source = Path(shutil.copytree(model_repository.find(settings).directory, tmp_path / "new"))
    (source / "onnx" / "deep").mkdir(parents=True)
    (source / "onnx" / "deep" / "quantized.bin").write_bytes(b"weights")
    return source


def test_directories_below_are_kept_and_verified(settings: Settings, volume: Path, source: Path) -> None:
    add(volume, source)
    found = model_repository.find(settings)
    deep = found.directory / "onnx" / "deep" / "quantized.bin"
    assert deep.is_symlink()
    assert deep.read_bytes() == b"weights"
    model_repository.verify(found, volume)
    deep.resolve().write_bytes(b"Weights")
    with pytest.raises(ModelError, match=r"quantized\.bin is damaged"):
        model_repository.verify(found, volume)


def test_a_snapshot_of_a_cache_can_be_added_to_another(
    settings: Settings, volume: Path, source: Path
) -> None:
    add(volume, source)
    snapshot = model_repository.find(settings)
    again = volume.parent / "another"
    again.mkdir()
    assert add(again, snapshot.directory, "org/name") == f"org/name/{snapshot.version}"


def test_what_a_download_by_the_hubs_client_leaves_beside_a_snapshot_is_nobodys(
    settings: Settings, volume: Path, source: Path
) -> None:
    found = model_repository.find(settings)
    (found.directory / ".cache" / "huggingface").mkdir(parents=True)
    (found.directory / ".gitattributes").touch()
    model_repository.verify(found, volume)


def test_the_only_snapshot_can_be_used_although_no_ref_names_it(settings: Settings, volume: Path) -> None:
    found = model_repository.find(settings)
    assert model_store.use(volume, None, found.version) == found
    assert (found.directory.parents[1] / "refs" / "main").read_text() == found.version


@pytest.mark.parametrize("name", ["a/b/c", "a--b", "x//y", "x" * 300])
def test_a_name_that_the_hub_cannot_have_is_refused(volume: Path, source: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a model: use NAME or ORG/NAME"):
        add(volume, source, name)


@pytest.mark.parametrize("ref", ["pr/1", "latest", "x" * 300])
def test_a_revision_that_would_be_a_path_or_mean_another_is_refused(
    volume: Path, source: Path, ref: str
) -> None:
    with pytest.raises(ModelError, match=f"'{ref}' cannot name a revision"):
        add(volume, source, version=ref)


def test_the_sample_can_be_added_again_and_brings_nothing_new(settings: Settings, volume: Path) -> None:
    before = model_repository.find(settings)
    files = {*volume.rglob("*")}
    assert add(volume, before.directory) == str(before)
    assert {path.name for path in {*volume.rglob("*")} - files} == {"refs", "main"}


@pytest.mark.parametrize("harm", [Path.unlink, lambda blob: blob.write_bytes(b"Weights")])
def test_a_blob_that_is_damaged_or_gone_is_mended_by_adding_the_model_again(
    settings: Settings, volume: Path, source: Path, harm: Callable[[Path], Any]
) -> None:
    before = add(volume, source)
    found = model_repository.find(settings)
    harm((found.directory / "onnx" / "deep" / "quantized.bin").resolve())
    with pytest.raises(ModelError, match=r"quantized\.bin"):
        model_repository.verify(found, volume)
    assert add(volume, source) == before
    model_repository.verify(found, volume)


def test_a_snapshot_that_is_there_in_part_is_not_taken_for_whole(
    settings: Settings, volume: Path, source: Path
) -> None:
    add(volume, source)
    snapshot = model_repository.find(settings).directory
    (snapshot / "onnx" / "deep" / "quantized.bin").unlink()
    with pytest.raises(ModelError, match=r"but without onnx/deep/quantized\.bin: remove it and add"):
        add(volume, source)


def test_a_directory_that_cannot_be_read_is_not_left_out(
    volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: object, scan: Callable[[Any], Any] = os.scandir) -> Any:
        if str(path).endswith("deep"):
            raise PermissionError(errno.EACCES, "denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        add(volume, source)


def test_names_that_the_hub_cannot_have_are_no_models(volume: Path, sample: str) -> None:
    for name in ("models--", "models--a b", os.fsdecode(b"models--\xff")):
        (volume / name).mkdir()
    (volume / "models--file").touch()
    assert model_repository.find_names(volume) == [sample]


def test_nothing_is_taken_from_those_who_follow_a_ref_while_a_revision_is_taken_back(
    settings: Settings, volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model_repository.find(settings)
    commit = add(volume, source).rpartition("/")[2]
    (before.directory.parents[1] / "refs" / "main").write_text(before.version)
    note = Note(name=before.name, commit=commit, ref="main", new_blobs=[], new_refs=["main"])

    def unlink(path: Path) -> None:
        path.unlink()
        assert model_repository.find(settings) == before

    monkeypatch.setattr(model_store, "unlink", unlink)
    model_store.give_back(volume, note)
    assert not (before.directory.with_name(commit)).exists()


def test_one_of_two_models_has_to_be_named(volume: Path, source: Path, sample: str) -> None:
    add(volume, source, "org/name")
    for change in (lambda: add(volume, source), lambda: model_store.use(volume, None, "v2")):
        with pytest.raises(ModelError, match=f"org/name, {sample}: say with --name which is meant"):
            change()


def test_a_revision_that_is_not_there_is_refused_with_those_that_are(
    settings: Settings, volume: Path, sample: str
) -> None:
    commit = model_repository.find(settings).version
    with pytest.raises(ModelError, match=f"has no snapshot for v2 but {commit}: give one of them"):
        model_store.use(volume, sample, "v2")
    with pytest.raises(ModelError, match="has no snapshot for v2 and no other: add one first"):
        model_store.use(volume, "org/name", "v2")


def test_a_blob_that_another_snapshot_needs_is_not_taken_back(
    settings: Settings, volume: Path, source: Path
) -> None:
    before = model_repository.find(settings)
    commit = add(volume, source).rpartition("/")[2]
    model = before.directory.parents[1]
    blobs = [link.resolve().name for link in (model / "snapshots" / commit).rglob("*") if link.is_symlink()]
    other = model / "snapshots" / ("b" * 40)
    other.mkdir()
    (other / FILE_NAME).symlink_to(f"../../blobs/{blobs[-1]}")
    (model / "refs" / "main").write_text(before.version)
    note = Note(name=before.name, commit=commit, ref="main", new_blobs=blobs, new_refs=[])
    model_store.give_back(volume, note)
    assert [blob.name for blob in (model / "blobs").iterdir()] == [blobs[-1]]
    assert not (model / "snapshots" / commit).exists()
    assert model_repository.find(settings) == before


def test_a_note_leads_nowhere_else() -> None:
    nothing_new: dict[str, Any] = {"new_blobs": [], "new_refs": []}
    note = {"name": "a", "commit": "c" * 40, "ref": "main"} | nothing_new
    assert Note.model_validate(note)
    for field in nothing_new:
        with pytest.raises(ValueError, match=field):
            Note.model_validate(note | {field: ["../x"]})
    for field in ("commit", "ref"):
        with pytest.raises(ValueError, match=field):
            Note.model_validate(note | {field: "../x"})
