import hashlib
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.settings import Settings
from service.volume import checksums, model_repository

COMMIT = "c0ffee" * 6 + "c0ff"


@pytest.fixture
def cache(settings: Settings, tmp_path: Path) -> Path:
    """A hub cache with the sample's files, laid out as huggingface_hub does it, on a volume of its own."""
    sample = model_repository.find(settings).directory
    volume = tmp_path / "cache"
    model = volume / "models--org--name"
    for part in ("blobs", "refs", f"snapshots/{COMMIT}"):
        (model / part).mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    for name in checksums.list_files(sample):
        content = (sample / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if name.endswith(".json"):
            digest = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324
        (model / "blobs" / digest).write_bytes(content)
        (model / "snapshots" / COMMIT / name).symlink_to(f"../../blobs/{digest}")
    return volume


def test_a_cache_is_served_and_verified_by_the_names_of_its_blobs(cache: Path) -> None:
    served = loader.load(Settings(model_repository=cache))
    assert (served.name, served.version) == ("org/name", COMMIT)


def test_a_damaged_blob_is_refused(cache: Path) -> None:
    blob = (cache / "models--org--name" / "snapshots" / COMMIT / FILE_NAME).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelError, match=f"{FILE_NAME} is damaged or was changed"):
        loader.load(Settings(model_repository=cache))


def test_a_small_blob_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    blob = tmp_path / "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"  # `git hash-object` says so
    blob.write_bytes(b"hello world\n")
    files = [model_repository.CachedFile(blob, blob.name, "download it again")]
    checksums.verify(files, tmp_path)
    blob.write_bytes(b"hello World\n")
    with pytest.raises(ModelError, match="is damaged"):
        checksums.verify(files, tmp_path)


@pytest.mark.parametrize("version", ["latest", "main", COMMIT])
def test_a_ref_or_a_commit_picks_the_snapshot(cache: Path, version: str) -> None:
    other = cache / "models--org--name" / "snapshots" / ("b" * 40)
    other.mkdir()
    found = model_repository.find(Settings(model_repository=cache, model_version=version))
    assert found.version == COMMIT


def test_a_ref_that_is_not_there_is_refused_with_the_commits_that_are(cache: Path) -> None:
    with pytest.raises(ModelError, match=f"has no snapshot for v2 but {COMMIT}: set MODEL_VERSION"):
        model_repository.find(Settings(model_repository=cache, model_version="v2"))


def test_one_snapshot_needs_no_ref_and_several_do(cache: Path) -> None:
    model = cache / "models--org--name"
    (model / "refs" / "main").unlink()
    settings = Settings(model_repository=cache)
    assert model_repository.find(settings).version == COMMIT
    (model / "snapshots" / ("b" * 40)).mkdir()
    with pytest.raises(ModelError, match="has no snapshot for main but"):
        model_repository.find(settings)


def test_a_model_has_to_be_named_when_there_are_several(cache: Path) -> None:
    (cache / "models--org--other").mkdir()
    with pytest.raises(ModelError, match="holds the models org/name, org/other: set MODEL_NAME"):
        model_repository.find(Settings(model_repository=cache))
    assert model_repository.find(Settings(model_repository=cache, model_name="org/name")).name == "org/name"


def test_a_model_without_a_snapshot_is_refused_with_the_path_to_fill(cache: Path) -> None:
    with pytest.raises(ModelError, match=f"put one at {cache}/models--org--new/snapshots/COMMIT/{FILE_NAME}"):
        model_repository.find(Settings(model_repository=cache, model_name="org/new"))


def test_a_link_out_of_the_cache_is_refused(cache: Path, tmp_path: Path) -> None:
    file = cache / "models--org--name" / "snapshots" / COMMIT / FILE_NAME
    (tmp_path / "outside").write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(tmp_path / "outside")
    with pytest.raises(ModelError, match="leads out of the volume"):
        loader.load(Settings(model_repository=cache))


def test_a_snapshot_by_itself_is_served_with_its_checksums(settings: Settings) -> None:
    snapshot = model_repository.find(settings).directory
    served = loader.load(Settings(model_repository=snapshot))
    assert served.name == "model"
    assert served.version in (snapshot / checksums.FILE_NAME).read_text()
