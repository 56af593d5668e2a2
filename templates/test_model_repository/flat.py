from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import checksums, model_repository


def keep(volume: Path, number: str) -> None:
    """Let the files of the volume be a version among others, as `python -m service.models` does."""
    directory = volume / ".versions" / number
    directory.mkdir(parents=True)
    for name in (FILE_NAME, checksums.FILE_NAME):
        (directory / name).write_bytes((volume / name).read_bytes())


def test_plain_files_are_a_version_that_is_named_by_its_checksum(settings: Settings, volume: Path) -> None:
    found = model_repository.find(settings)
    line = (volume / checksums.FILE_NAME).read_text()
    assert (found.name, found.directory) == ("model", volume)
    assert f"{found.version}" in line


def test_a_setting_names_the_model(settings: Settings) -> None:
    named = settings.model_copy(update={"model_name": "reader"})
    assert str(model_repository.find(named)).startswith("reader/")


def test_files_behind_links_are_the_version_that_they_lead_to(settings: Settings, volume: Path) -> None:
    keep(volume, "3")
    (volume / FILE_NAME).unlink()
    (volume / FILE_NAME).symlink_to(f".versions/3/{FILE_NAME}")
    found = model_repository.find(settings)
    assert (found.version, found.directory) == ("3", volume / ".versions" / "3")


def test_a_version_that_a_setting_asks_for_is_served(settings: Settings, volume: Path) -> None:
    keep(volume, "2")
    asked = settings.model_copy(update={"model_version": "2"})
    assert model_repository.find(asked).directory == volume / ".versions" / "2"


def test_a_version_that_is_not_there_is_refused_with_those_that_are(settings: Settings, volume: Path) -> None:
    asked = settings.model_copy(update={"model_version": "7"})
    with pytest.raises(ModelError, match="no numbered version at all: set MODEL_VERSION to latest"):
        model_repository.find(asked)
    keep(volume, "10")
    keep(volume, "9")
    with pytest.raises(ModelError, match="has no version 7 but only 9, 10"):
        model_repository.find(asked)


def test_a_model_may_be_mounted_anywhere(settings: Settings, volume: Path, tmp_path: Path) -> None:
    elsewhere = volume.rename(tmp_path / "mnt")
    found = model_repository.find(settings.model_copy(update={"model_repository": elsewhere}))
    assert found.directory == elsewhere
