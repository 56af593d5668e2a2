"""What changing a volume of this layout refuses and leaves alone."""

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import model_repository, model_store
from service.volume.model_store import Note


def add(volume: Path, source: Path, version: str | None = None) -> str:
    """Add a model that need not prove itself."""
    return str(model_store.add(volume, source, None, version, lambda _: None))


@pytest.fixture
def source(volume: Path, tmp_path: Path) -> Path:
    """The files of the volume, to be added to it."""
    return Path(shutil.copytree(volume, tmp_path / "new"))


def test_a_number_that_is_taken_is_refused_and_plain_files_stay_plain(volume: Path, source: Path) -> None:
    with pytest.raises(ModelError, match=f"version 1 is what the files of {volume} become: choose another"):
        add(volume, source, "1")
    assert not (volume / FILE_NAME).is_symlink()
    assert not (volume / ".versions").exists()


def test_links_that_something_else_has_made_are_left_to_it(volume: Path, source: Path) -> None:
    (volume / FILE_NAME).rename(volume / "..data")
    (volume / FILE_NAME).symlink_to("..data")
    with pytest.raises(ModelError, match="made by something else: change the model there"):
        add(volume, source)
    assert (volume / FILE_NAME).readlink() == Path("..data")


def test_a_directory_is_refused_that_holds_more_than_files(volume: Path, source: Path) -> None:
    (source / "onnx").mkdir()
    with pytest.raises(ModelError, match=r"holds 'onnx'.*: give a directory of the model's files alone"):
        add(volume, source)


def test_plain_files_become_the_first_of_two_versions(settings: Settings, volume: Path, source: Path) -> None:
    content = (volume / FILE_NAME).read_bytes()
    assert add(volume, source) == "model/2"
    assert [str(found) for found in model_repository.list_versions(settings)] == ["model/1", "model/2"]
    model_store.use(volume, None, "1")
    assert (volume / FILE_NAME).readlink() == Path(".current") / FILE_NAME
    assert (volume / FILE_NAME).read_bytes() == content


def test_files_without_a_list_are_not_kept_as_a_version(volume: Path, source: Path) -> None:
    (volume / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match=f"{volume / 'SHA256SUMS'} is missing"):
        add(volume, source)
    assert not (volume / ".versions").exists()


def test_what_links_at_the_root_lead_to_is_kept_with_the_version(volume: Path, source: Path) -> None:
    (volume / ".tmp-more").write_bytes(b"more")
    (volume / "more.bin").symlink_to(".tmp-more")
    with (volume / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256(b'more').hexdigest()}  more.bin\n")
    add(volume, source)
    assert model_store.use(volume, None, "1").version == "1"
    assert (volume / "more.bin").read_bytes() == b"more"


def test_files_are_copied_where_they_may_not_be_linked(
    volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "not permitted")

    content = (volume / FILE_NAME).read_bytes()
    monkeypatch.setattr(os, "link", refuse)
    add(volume, source)
    assert (volume / ".versions" / "1" / FILE_NAME).read_bytes() == content


def test_a_volume_that_was_copied_without_its_links_can_be_changed(volume: Path, source: Path) -> None:
    add(volume, source)
    plain = Path(shutil.copytree(volume, volume.with_name("plain")))
    assert not (plain / ".current").is_symlink()
    assert add(plain, source) == "model/4"
    assert (plain / ".current").readlink() == Path(".versions/4")
    (volume / ".current").unlink()
    shutil.copytree(volume / ".versions" / "2", volume / ".current")
    with pytest.raises(ModelError, match="is a directory where a link to a version belongs"):
        add(volume, source)


def test_links_that_a_killed_command_has_left_are_removed_by_the_next(volume: Path, source: Path) -> None:
    add(volume, source)
    (volume / "gone.txt").symlink_to(".current/gone.txt")
    with pytest.raises(ModelError, match="has no version 7"):
        model_store.use(volume, None, "7")
    assert not (volume / "gone.txt").is_symlink()


def test_a_version_that_no_link_leads_to_any_more_can_be_used(volume: Path, source: Path) -> None:
    add(volume, source)
    assert model_store.use(volume, None, "1").version == "1"
    assert model_store.use(volume, None, "latest").version == "2"


def test_a_volume_without_versions_says_that_none_can_be_used(volume: Path) -> None:
    for version in ("latest", "1"):
        with pytest.raises(ModelError, match="has no numbered version: what is added next will be one"):
            model_store.use(volume, None, version)


@pytest.mark.parametrize("note", [{"version": "../..", "adopted": []}, {"version": "2", "adopted": ["../x"]}])
def test_a_note_leads_nowhere_else(note: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.\./"):
        Note.model_validate(note)
