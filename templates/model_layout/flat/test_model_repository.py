"""The model whose files are at the root of the volume, as KServe and Kubernetes put them there."""

import hashlib
import shutil
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_files import CHECKSUMS
from service.model_repository import find, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a service whose volume holds a model's file and nothing else."""
    (tmp_path / FILE_NAME).write_bytes(CONTENT)
    return Settings(model_repository=tmp_path)


def change(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def mount_config_map(volume: Path, generation: str) -> None:
    """Lay the files out as Kubernetes does with ConfigMaps and Secrets, or change them all at once."""
    (volume / generation).mkdir(parents=True)
    (volume / generation / FILE_NAME).write_bytes(CONTENT)
    (volume / generation / CHECKSUMS).write_text(f"{SHA256}  {FILE_NAME}\n")
    (volume / "..data_tmp").symlink_to(generation)
    (volume / "..data_tmp").replace(volume / "..data")
    for name in (FILE_NAME, CHECKSUMS):
        if not (volume / name).is_symlink():
            (volume / name).symlink_to(f"..data/{name}")


def test_what_an_initializer_of_kserve_leaves_is_served_with_one_warning(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    volume = settings.model_repository
    (volume / ".cache" / "huggingface" / "download").mkdir(parents=True)
    for name in (".gitattributes", "README.md", "._" + FILE_NAME, ".DS_Store"):
        (volume / name).touch()
    found = find(settings)
    verify(found, settings)
    assert (str(found), found.directory) == ("model/1", volume)
    assert len(caplog.messages) == 1


def test_a_config_map_is_served_and_verified(tmp_path: Path) -> None:
    volume = tmp_path / "map"
    mount_config_map(volume, "..2026_11_29_10_00_00.1")
    settings = Settings(model_repository=volume, require_checksums=True)
    found = find(settings)
    verify(found, settings)
    assert found.version == SHA256[:12]


def test_a_config_map_that_changes_while_a_model_is_loaded_is_not_mixed(tmp_path: Path) -> None:
    volume = tmp_path / "map"
    mount_config_map(volume, "..2026_11_29_10_00_00.1")
    before = find(Settings(model_repository=volume))
    mount_config_map(volume, "..2026_11_29_11_00_00.2")
    after = find(Settings(model_repository=volume))
    assert [found.directory.name for found in (before, after)] == [
        "..2026_11_29_10_00_00.1",
        "..2026_11_29_11_00_00.2",
    ]


def test_the_version_is_the_beginning_of_a_listed_checksum(settings: Settings) -> None:
    (settings.model_repository / CHECKSUMS).write_text(f"SHA256 ({FILE_NAME}) = {SHA256}\n")
    assert str(find(change(settings, model_name="reader"))) == f"reader/{SHA256[:12]}"


def test_a_missing_version_error_names_the_existing_one(settings: Settings) -> None:
    assert find(change(settings, model_version="1")).version == "1"
    with pytest.raises(ModelError, match="holds version 1 and not 7: set MODEL_VERSION to latest"):
        find(change(settings, model_version="7"))


def test_an_empty_volume_is_refused_with_the_path_to_fill(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{tmp_path}/{FILE_NAME} is missing: put the model there"):
        find(Settings(model_repository=tmp_path))


def test_a_switch_that_leads_out_of_the_volume_is_refused(tmp_path: Path) -> None:
    volume = tmp_path / "map"
    mount_config_map(volume, "1")
    shutil.move(volume / "1", tmp_path / "outside")
    (volume / "..data").unlink()
    (volume / "..data").symlink_to(tmp_path / "outside")
    with pytest.raises(ModelError, match="leads out of the volume"):
        find(Settings(model_repository=volume))
