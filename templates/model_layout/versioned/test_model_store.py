"""Changing a volume of numbered versions: numbers, names and the pin."""

import re
from argparse import Namespace
from pathlib import Path

import pytest

from service import model_store, models, staging
from service.errors import ModelError
from service.model_repository import find, verify
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(staging, "load", lambda *_: None)
    (tmp_path / "models").mkdir()
    return Settings(model_repository=tmp_path / "models")


def add(settings: Settings, text: str, name: str = "digits", version: str | None = None) -> str:
    """Add a model whose file holds this text; return its version."""
    source = settings.model_repository.with_name("new")
    source.write_text(text)
    return model_store.add(settings.model_copy(update={"model_name": name}), source, version).version


def versions(settings: Settings) -> list[str]:
    return [found.version for found in model_store.list_versions(settings)]


def test_versions_are_numbered_in_order(settings: Settings) -> None:
    assert [add(settings, "a"), add(settings, "b"), add(settings, "c", version="10"), add(settings, "d")] == [
        "1",
        "2",
        "10",
        "11",
    ]
    assert versions(settings) == ["1", "2", "10", "11"]
    assert find(settings).version == "11"


@pytest.mark.parametrize("version", ["1", "01", "two", ".tmp-2"])
def test_an_existing_or_invalid_number_is_refused(settings: Settings, version: str) -> None:
    add(settings, "a")
    with pytest.raises(ModelError, match=f"cannot have a new version {version}: use a number"):
        add(settings, "b", version=version)
    assert versions(settings) == ["1"]


def test_a_name_with_a_slash_is_refused(settings: Settings) -> None:
    with pytest.raises(ModelError, match="'team/digits' cannot name a model"):
        add(settings, "a", name="team/digits")


def test_a_pin_stays_until_the_latest_is_used(settings: Settings) -> None:
    add(settings, "a")
    first = find(settings)
    model_store.use(settings, first)
    add(settings, "b")
    assert find(settings) == first
    model_store.use_latest(settings)
    assert find(settings).version == "2"


def test_a_setting_goes_before_the_pin(settings: Settings) -> None:
    add(settings, "a")
    model_store.use(settings, find(settings))
    add(settings, "b")
    assert find(settings.model_copy(update={"model_version": "2"})).version == "2"


def test_a_pin_to_a_version_that_is_gone_is_named(settings: Settings) -> None:
    add(settings, "a")
    pin = find(settings).directory.parent / ".pinned"
    pin.write_text("7\n")
    with pytest.raises(ModelError, match=f"^{pin} names a version that is not there"):
        find(settings)


def test_a_version_is_removed_with_the_pin_that_names_it(settings: Settings) -> None:
    add(settings, "a")
    first = find(settings)
    model_store.use(settings, first)
    add(settings, "b")
    model_store.remove(settings, first)
    verify(find(settings), settings)
    assert find(settings).file.read_text() == "b"
    assert versions(settings) == ["2"]


@pytest.mark.parametrize("names", [[], ["digits", "letters"]])
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
    models.add_version(settings, Namespace(source=source, name="letters", version=None))
    text = r"letters/1 is on the volume\n.* holds the models digits, letters: set MODEL_NAME to one of them\n"
    assert re.fullmatch(text, capsys.readouterr().out)


def test_models_of_several_names_have_versions_of_their_own(settings: Settings) -> None:
    add(settings, "a")
    assert add(settings, "b", name="letters") == "1"
    assert [str(found) for found in model_store.list_versions(settings)] == ["digits/1", "letters/1"]
