from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import model_repository


@pytest.fixture
def model(settings: Settings) -> Path:
    """The directory of the sample's versions."""
    return model_repository.find(settings).directory.parent


def add_version(model: Path, name: str) -> None:
    (model / name).mkdir(parents=True)
    (model / name / FILE_NAME).touch()


def test_the_largest_number_is_served(model: Path, settings: Settings) -> None:
    for version in ("2", "10", "9"):
        add_version(model, version)
    assert model_repository.find(settings).version == "10"


@pytest.mark.parametrize("name", [".tmp-3", "03", "3.0", "-3", "three", "3 ", "٣", "0"])
def test_a_name_that_is_no_plain_number_is_no_version(model: Path, settings: Settings, name: str) -> None:
    add_version(model, name)
    assert model_repository.find(settings).version == "1"


def test_a_file_with_a_number_for_a_name_is_no_version(model: Path, settings: Settings) -> None:
    (model / "2").touch()
    assert model_repository.find(settings).version == "1"


def test_a_version_that_a_setting_asks_for_is_served(model: Path, volume: Path) -> None:
    add_version(model, "2")
    found = model_repository.find(Settings(model_repository=volume, model_version="1"))
    assert found.directory == model / "1"


def test_a_version_that_is_not_there_is_refused_with_those_that_are(model: Path, volume: Path) -> None:
    add_version(model, "2")
    with pytest.raises(ModelError, match="has no version 7 but 1, 2: set MODEL_VERSION"):
        model_repository.find(Settings(model_repository=volume, model_version="7"))


def test_a_version_that_is_pinned_on_the_volume_is_latest(model: Path, settings: Settings) -> None:
    add_version(model, "2")
    (model / ".pinned").write_text("1\n")
    assert model_repository.find(settings).version == "1"


def test_a_pin_of_a_version_that_is_gone_is_refused(model: Path, settings: Settings) -> None:
    (model / ".pinned").write_text("7\n")
    with pytest.raises(ModelError, match=r"has no version 7 but 1: remove .*\.pinned"):
        model_repository.find(settings)


def test_the_only_model_needs_no_name(settings: Settings, model: Path, volume: Path) -> None:
    (volume / "empty").mkdir()
    (volume / "lost+found").mkdir(mode=0o000)
    assert model_repository.find(settings).name == model.name


def test_a_model_has_to_be_named_when_there_are_several(model: Path, settings: Settings) -> None:
    add_version(model.with_name("another"), "1")
    with pytest.raises(ModelError, match=f"holds the models another, {model.name}: set MODEL_NAME"):
        model_repository.find(settings)
    named = settings.model_copy(update={"model_name": "another"})
    assert model_repository.find(named).directory == model.with_name("another") / "1"


def test_a_model_without_a_version_is_refused_with_the_path_to_fill(settings: Settings) -> None:
    named = settings.model_copy(update={"model_name": "reader"})
    wanted = settings.model_repository / "reader" / "1" / FILE_NAME
    with pytest.raises(ModelError, match=f"put one at {wanted}"):
        model_repository.find(named)


def test_every_version_of_every_model_is_listed(model: Path, settings: Settings) -> None:
    add_version(model, "10")
    add_version(model.with_name("another"), "2")
    listed = [str(version) for version in model_repository.list_versions(settings)]
    assert listed == ["another/2", f"{model.name}/1", f"{model.name}/10"]
