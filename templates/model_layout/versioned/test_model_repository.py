"""Which version of which model is served from `<name>/<number>/`."""

from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_repository import find, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a service whose volume holds one version of one model."""
    add(tmp_path, "mine/1")
    return Settings(model_repository=tmp_path)


def add(volume: Path, version: str) -> None:
    (volume / version).mkdir(parents=True)
    (volume / version / FILE_NAME).write_text("weights")


def change(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_a_file_that_was_only_copied_is_served(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    found = find(settings)
    assert (str(found), found.directory) == ("mine/1", settings.model_repository / "mine/1")
    verify(found, settings)
    assert len(caplog.messages) == 1


def test_the_largest_number_is_served(settings: Settings) -> None:
    for version in ("2", "10", "9"):
        add(settings.model_repository, f"mine/{version}")
    assert find(settings).version == "10"


@pytest.mark.parametrize("name", [".tmp-3", "03", "3.0", "-3", "three", "3 ", "٣", "0", "..3"])
def test_a_directory_whose_name_is_not_a_number_is_ignored(settings: Settings, name: str) -> None:
    add(settings.model_repository, f"mine/{name}")
    assert find(settings).version == "1"


def test_litter_on_the_volume_is_skipped(settings: Settings) -> None:
    volume = settings.model_repository
    for name in (".git/1", "lost+found", "empty", "two words/1"):
        (volume / name).mkdir(parents=True)
    (volume / "mine/2").touch()
    (volume / "mine/3").symlink_to("gone")
    (volume / ".DS_Store").touch()
    assert str(find(settings)) == "mine/1"


def test_settings_choose_among_models_and_versions(settings: Settings) -> None:
    add(settings.model_repository, "mine/2")
    add(settings.model_repository, "other/7")
    with pytest.raises(ModelError, match="holds the models mine, other: set MODEL_NAME to one of them"):
        find(settings)
    assert str(find(change(settings, model_name="other"))) == "other/7"
    assert str(find(change(settings, model_name="mine", model_version="1"))) == "mine/1"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_version": "7"}, "mine has no version 7 but 1: set MODEL_VERSION to one"),
        ({"model_name": "other"}, f"other holds no version of a model: put one at .*/other/1/{FILE_NAME}"),
    ],
)
def test_a_missing_version_error_lists_the_existing_ones(
    settings: Settings, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        find(change(settings, **changes))


def test_an_empty_volume_is_refused_with_the_path_to_fill(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"put one at {tmp_path}/NAME/1/{FILE_NAME}"):
        find(Settings(model_repository=tmp_path))


def test_a_version_that_leads_out_of_the_volume_is_refused(tmp_path: Path) -> None:
    add(tmp_path, "elsewhere")
    volume = tmp_path / "volume"
    (volume / "mine").mkdir(parents=True)
    (volume / "mine" / "1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="leads out of the volume"):
        find(Settings(model_repository=volume))
