"""Changing a flat volume: plain files become a version, and links lead to one of the versions."""

from pathlib import Path

import pytest

from service import model_store, staging
from service.errors import ModelError
from service.model_repository import find, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(staging, "load", lambda *_: None)
    (tmp_path / "models").mkdir()
    return Settings(model_repository=tmp_path / "models")


def add(settings: Settings, text: str, version: str | None = None) -> str:
    """Add a model whose file holds this text; return its version."""
    source = settings.model_repository.with_name("new")
    source.write_text(text)
    return model_store.add(settings, source, version).version


def versions(settings: Settings) -> list[str]:
    return [found.version for found in model_store.list_versions(settings)]


def put_plain_files(settings: Settings) -> None:
    """Put a model on the volume as somebody does by hand."""
    (settings.model_repository / FILE_NAME).write_text("plain")
    (settings.model_repository / "labels").mkdir()
    (settings.model_repository / "labels" / "a.txt").write_text("a")


def read_root(settings: Settings) -> str:
    return (settings.model_repository / FILE_NAME).read_text()


def test_files_at_the_root_are_those_of_the_newest_version(settings: Settings) -> None:
    add(settings, "a")
    assert add(settings, "b") == "2"
    assert read_root(settings) == "b"
    assert find(settings).version == "2"
    verify(find(settings), settings)


def test_plain_files_are_kept_as_the_first_version(settings: Settings) -> None:
    put_plain_files(settings)
    assert add(settings, "b") == "2"
    assert read_root(settings) == "b"
    assert not (settings.model_repository / "labels").exists()
    first, _ = model_store.list_versions(settings)
    model_store.use(settings, first)
    assert read_root(settings) == "plain"
    assert (settings.model_repository / "labels" / "a.txt").read_text() == "a"
    assert find(settings).version == "1"
    model_store.use_latest(settings)
    assert read_root(settings) == "b"


def test_plain_files_stay_when_the_new_model_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_plain_files(settings)

    def refuse(*_: object) -> None:
        raise ModelError("it is no model")

    monkeypatch.setattr(staging, "load", refuse)
    with pytest.raises(ModelError):
        add(settings, "b")
    assert not (settings.model_repository / FILE_NAME).is_symlink()
    assert not (settings.model_repository / ".versions").exists()


def test_an_existing_number_is_refused(settings: Settings) -> None:
    add(settings, "a", version="7")
    for version in ("7", "two"):
        with pytest.raises(ModelError, match=f"there cannot be a new version {version}"):
            add(settings, "b", version=version)
    assert versions(settings) == ["7"]


def test_links_that_kubernetes_has_made_are_left_alone(settings: Settings) -> None:
    volume = settings.model_repository
    (volume / "..2026").mkdir()
    (volume / "..2026" / FILE_NAME).write_text("mounted")
    (volume / "..data").symlink_to("..2026")
    (volume / FILE_NAME).symlink_to(f"..data/{FILE_NAME}")
    with pytest.raises(ModelError, match="is a link that something else has made: change the model there"):
        add(settings, "b")
    assert read_root(settings) == "mounted"


def test_a_switch_that_fails_leaves_no_version_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(settings, "a")

    def fail(*_: object) -> None:
        raise OSError("no space left on the device")

    monkeypatch.setattr(model_store, "replace_link", fail)
    with pytest.raises(OSError, match="no space left"):
        add(settings, "b")
    assert versions(settings) == ["1"]
    assert read_root(settings) == "a"
