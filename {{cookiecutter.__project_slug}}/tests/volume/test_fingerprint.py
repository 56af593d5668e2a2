import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import model_repository
from service.volume.fingerprint import take_fingerprint
from service.volume.model_version import ModelVersion


@pytest.fixture
def found(settings: Settings) -> ModelVersion:
    return model_repository.find(settings)


def damage(file: Path) -> None:
    times = file.stat()
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"!")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def replace(file: Path) -> None:
    shutil.copy2(file, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def deny(file: Path) -> None:
    file.chmod(0)


def lose(file: Path) -> None:
    file.unlink()


def add(file: Path) -> None:
    file.with_name("more.txt").touch()


def dangle(file: Path) -> None:
    file.with_name("link").symlink_to("gone")


def test_reading_changes_nothing(found: ModelVersion) -> None:
    before = take_fingerprint(found)
    (found.directory / FILE_NAME).read_bytes()
    (found.directory / ".DS_Store").touch()
    assert take_fingerprint(found) == before


@pytest.mark.parametrize("change", [damage, replace, deny, lose, add, dangle])
def test_every_other_change_is_seen(found: ModelVersion, change: Callable[[Path], None]) -> None:
    before = take_fingerprint(found)
    change(found.directory / FILE_NAME)
    assert take_fingerprint(found) != before


def test_another_version_with_the_same_files_is_another(found: ModelVersion) -> None:
    other = ModelVersion(found.name, "other", found.directory)
    assert take_fingerprint(other) != take_fingerprint(found)


def test_a_directory_that_is_gone_cannot_be_seen(found: ModelVersion) -> None:
    shutil.rmtree(found.directory)
    with pytest.raises(OSError, match="No such file"):
        take_fingerprint(found)
