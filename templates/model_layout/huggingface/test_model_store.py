"""Changing a hub cache: snapshots, the ref `main`, and blobs that nothing needs any more."""

import re
from argparse import Namespace
from pathlib import Path

import pytest

from service import model_store, models, staging
from service.errors import ModelError
from service.model_repository import find, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(staging, "load", lambda *_: None)
    (tmp_path / "models").mkdir()
    return Settings(model_repository=tmp_path / "models")


def add(settings: Settings, text: str, name: str = "digits") -> str:
    """Add a model whose file holds this text; return its version."""
    source = settings.model_repository.with_name("new")
    source.write_text(text)
    return model_store.add(settings.model_copy(update={"model_name": name}), source).version


def versions(settings: Settings) -> list[str]:
    return [found.version for found in model_store.list_versions(settings)]


def download(settings: Settings, commit: str, *blobs: str) -> None:
    """Put a snapshot in the cache as huggingface_hub does; a blob is named by its content here."""
    model = settings.model_repository / "models--digits"
    (model / "blobs").mkdir(parents=True, exist_ok=True)
    (model / "snapshots" / commit).mkdir(parents=True)
    for name, blob in zip((FILE_NAME, "labels.txt"), blobs, strict=True):
        (model / "blobs" / blob).write_text(blob)
        (model / "snapshots" / commit / name).symlink_to(f"../../blobs/{blob}")


def test_main_names_what_was_added_last(settings: Settings) -> None:
    first, second = add(settings, "a"), add(settings, "b")
    assert find(settings).version == second
    verify(find(settings), settings)
    assert sorted(versions(settings)) == sorted([first, second])
    ref = settings.model_repository / "models--digits" / "refs" / "main"
    assert ref.read_text() == second


def test_the_same_files_are_the_same_snapshot(settings: Settings) -> None:
    first = add(settings, "a")
    add(settings, "b")
    assert add(settings, "a") == first
    assert find(settings).version == first
    assert len(versions(settings)) == 2


def test_a_snapshot_without_a_ref_stays_served_until_the_new_one_is_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(settings, "1" * 40, "model", "labels")

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(model_store, "use", fail)
    with pytest.raises(KeyboardInterrupt):
        add(settings, "b")
    assert len(versions(settings)) == 2
    assert find(settings).version == "1" * 40


def test_a_snapshot_is_removed_with_the_blobs_and_refs_of_its_own(settings: Settings) -> None:
    download(settings, "1" * 40, "shared", "old")
    download(settings, "2" * 40, "shared", "new")
    refs = settings.model_repository / "models--digits" / "refs"
    (refs / "pr").mkdir(parents=True)
    (refs / "main").write_text("2" * 40)
    (refs / "pr" / "1").write_text("1" * 40)
    old, _ = model_store.list_versions(settings)
    model_store.remove(settings, old)
    blobs = settings.model_repository / "models--digits" / "blobs"
    assert sorted(blob.name for blob in blobs.iterdir()) == ["new", "shared"]
    assert [ref.name for ref in refs.rglob("*") if ref.is_file()] == ["main"]
    assert find(settings).file.read_text() == "shared"


@pytest.mark.parametrize("name", ["a--b", "a/b/c", "-a b"])
def test_a_name_that_no_cache_can_hold_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a model: use NAME or ORG/NAME"):
        add(settings, "a", name=name)


def test_snapshots_have_no_latest(settings: Settings) -> None:
    with pytest.raises(ModelError, match="snapshots have no order"):
        model_store.use_latest(settings)


@pytest.mark.parametrize("names", [[], ["digits", "org/letters"]])
def test_a_name_is_required_unless_there_is_one_model(settings: Settings, names: list[str]) -> None:
    for name in names:
        add(settings, "a", name=name)
    there = ", ".join(names) or "no model yet"
    with pytest.raises(ModelError, match=f"holds {there}: name the model with --name"):
        model_store.add(settings, settings.model_repository)


def test_a_second_model_is_added_with_the_hint_to_choose_one(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    add(settings, "a")
    source = settings.model_repository.with_name("new")
    models.add_version(settings, Namespace(source=source, name="org/letters"))
    text = r"org/letters/\w+ is on the volume\n.* holds digits, org/letters: set MODEL_NAME to one of them\n"
    assert re.fullmatch(text, capsys.readouterr().out)


def test_a_volume_that_is_one_snapshot_gets_no_other(settings: Settings) -> None:
    (settings.model_repository / FILE_NAME).write_text("alone")
    with pytest.raises(ModelError, match="is one snapshot itself"):
        add(settings, "b")
    assert len(versions(settings)) == 1
