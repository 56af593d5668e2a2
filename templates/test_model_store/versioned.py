"""What changing a volume of this layout refuses."""

import shutil
from pathlib import Path

import pytest

from service.errors import ModelError
from service.settings import Settings
from service.volume import model_repository, model_store


@pytest.fixture
def model(settings: Settings) -> Path:
    """The directory of the sample's versions."""
    return model_repository.find(settings).directory.parent


def add(volume: Path, source: Path, name: str | None = None, version: str | None = None) -> str:
    """Add a model that need not prove itself."""
    return str(model_store.add(volume, source, name, version, lambda _: None))


def test_the_only_model_gets_the_next_number(volume: Path, model: Path) -> None:
    assert add(volume, model / "1") == f"{model.name}/2"
    assert add(volume, model / "1", version="10") == f"{model.name}/10"
    assert add(volume, model / "1") == f"{model.name}/11"


def test_a_number_that_is_taken_or_none_is_refused(volume: Path, model: Path) -> None:
    with pytest.raises(ModelError, match="1 is there already: choose another number"):
        add(volume, model / "1", version="1")
    with pytest.raises(ModelError, match="version 'v2' is no plain number"):
        add(volume, model / "1", version="v2")


def test_a_name_or_number_that_is_not_there_cannot_be_used(volume: Path, model: Path) -> None:
    with pytest.raises(ModelError, match="nope holds no version of a model: add one first"):
        model_store.use(volume, "nope", "1")
    with pytest.raises(ModelError, match="has no version 7 but 1: use one of them, or latest"):
        model_store.use(volume, model.name, "7")


def test_one_of_two_models_has_to_be_named(volume: Path, model: Path) -> None:
    assert add(volume, model / "1", "another") == "another/1"
    for change in (lambda: add(volume, model / "1"), lambda: model_store.use(volume, None, "1")):
        with pytest.raises(ModelError, match=r"another, .*: say with --name which is meant"):
            change()
    assert str(model_store.use(volume, "another", "1")) == "another/1"


def test_a_directory_is_refused_that_holds_more_than_files(volume: Path, model: Path, tmp_path: Path) -> None:
    source = shutil.copytree(model / "1", tmp_path / "new")
    (source / "onnx").mkdir()
    with pytest.raises(ModelError, match=r"holds 'onnx'.*: give a directory of the model's files alone"):
        add(volume, source)
