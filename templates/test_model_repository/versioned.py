from pathlib import Path

import pytest

from service import model_repository
from service.errors import ModelError
from service.settings import Settings


@pytest.fixture
def digits(volume: Path) -> Path:
    return volume / "digits"


def add_version(digits: Path, name: str) -> None:
    (digits / name).mkdir()
    (digits / name / "model.onnx").touch()


def test_the_largest_number_is_served(digits: Path, settings: Settings) -> None:
    for version in ("2", "10", "9"):
        add_version(digits, version)
    assert model_repository.find(settings).version == "10"


@pytest.mark.parametrize("name", [".tmp-3", "03", "3.0", "-3", "three", "3 ", "٣", "0"])
def test_a_name_that_is_no_plain_number_is_no_version(digits: Path, settings: Settings, name: str) -> None:
    add_version(digits, name)
    assert model_repository.find(settings).version == "1"


def test_a_file_with_a_number_for_a_name_is_no_version(digits: Path, settings: Settings) -> None:
    (digits / "2").touch()
    assert model_repository.find(settings).version == "1"


def test_a_pinned_version_is_served(digits: Path, volume: Path) -> None:
    add_version(digits, "2")
    found = model_repository.find(Settings(model_repository=volume, model_version=1))
    assert found.file == digits / "1" / "model.onnx"


def test_a_pinned_version_that_is_missing_is_refused_with_those_there_are(digits: Path, volume: Path) -> None:
    add_version(digits, "2")
    with pytest.raises(ModelError, match="has no version 7 but 1, 2: set MODEL_VERSION"):
        model_repository.find(Settings(model_repository=volume, model_version=7))


@pytest.mark.parametrize("name", ["digits", "reader"])
def test_a_model_without_a_version_is_refused_with_the_path_to_fill(tmp_path: Path, name: str) -> None:
    (tmp_path / "digits").mkdir()
    settings = Settings(model_repository=tmp_path, model_name=name)
    with pytest.raises(ModelError, match=f"put one at {tmp_path / name / '1' / 'model.onnx'}"):
        model_repository.find(settings)


def test_a_version_without_a_model_is_refused(digits: Path, settings: Settings) -> None:
    (digits / "2").mkdir()
    with pytest.raises(ModelError, match=r"2/model\.onnx is missing"):
        model_repository.find(settings)


def test_stray_files_do_not_matter(digits: Path, settings: Settings) -> None:
    for number in range(1000):
        (digits / f"stray-{number}").touch()
    assert model_repository.find(settings).version == "1"
