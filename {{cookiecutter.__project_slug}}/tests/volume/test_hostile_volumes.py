"""What may be wrong with a volume: each ends in one sentence, and nothing unverified is ever loaded."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.settings import Settings
from service.volume import checksums, model_repository


@pytest.fixture
def directory(settings: Settings) -> Path:
    """The directory of the sample's files."""
    return model_repository.find(settings).directory


def write_sums(directory: Path) -> None:
    """Write checksums of the files as they are now."""
    digests = {
        name: hashlib.sha256((directory / name).read_bytes()).hexdigest()
        for name in checksums.list_files(directory)
    }
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (directory / checksums.FILE_NAME).write_text(lines, encoding="utf-8")


def complaint(settings: Settings) -> str:
    """Return the sentence that a load ends in."""
    with pytest.raises(ModelError) as caught:
        loader.load(settings)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(settings.model_repository) in sentence
    return sentence


def test_an_empty_volume(settings: Settings, volume: Path) -> None:
    shutil.rmtree(volume)
    volume.mkdir()
    sentence = complaint(settings)
    assert "holds no model" in sentence or f"{FILE_NAME} is missing" in sentence


def test_a_missing_file_is_named_with_what_is_there_instead(settings: Settings, directory: Path) -> None:
    (directory / FILE_NAME).rename(directory / "another.bin")
    sentence = complaint(settings)
    assert "holds no model" in sentence or re.search(f"{FILE_NAME} is missing among .*another.bin", sentence)


def test_a_wrong_checksum(settings: Settings, directory: Path) -> None:
    with (directory / FILE_NAME).open("ab") as file:
        file.write(b"!")
    assert f"{directory / FILE_NAME} is damaged or was changed" in complaint(settings)


def test_a_list_of_checksums_that_leads_elsewhere(settings: Settings, directory: Path) -> None:
    with (directory / checksums.FILE_NAME).open("a", encoding="utf-8") as sums:
        sums.write(f"{'0' * 64}  ../../../etc/passwd\n")
    assert "names '../../../etc/passwd', which is not a file beside it" in complaint(settings)


def test_a_file_that_nobody_has_listed(settings: Settings, directory: Path) -> None:
    (directory / "weights.data").write_bytes(b"unverified")
    assert "does not list 'weights.data'" in complaint(settings)


def test_hidden_files_are_nobodys(settings: Settings, directory: Path) -> None:
    (directory / ".DS_Store").touch()
    assert loader.load(settings)


@pytest.mark.parametrize("path", [".hidden", "sub/weights.bin"])
def test_what_no_list_of_checksums_can_hold(settings: Settings, directory: Path, path: str) -> None:
    (directory / path).parent.mkdir(exist_ok=True)
    (directory / path).write_bytes(b"unverified")
    assert "which no list of checksums can hold" in complaint(settings)


def test_a_link_that_leads_nowhere(settings: Settings, directory: Path) -> None:
    (directory / FILE_NAME).unlink()
    (directory / FILE_NAME).symlink_to("gone")
    sentence = complaint(settings)
    assert "holds no model" in sentence or "gone, which is missing" in sentence


def test_a_link_out_of_the_volume(settings: Settings, directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path / "outside")
    (directory / FILE_NAME).unlink()
    (directory / FILE_NAME).symlink_to(tmp_path / "outside" / FILE_NAME)
    assert f"leads out of the volume, to {tmp_path / 'outside'}" in complaint(settings)


def test_a_list_of_checksums_out_of_the_volume(settings: Settings, directory: Path, tmp_path: Path) -> None:
    (directory / checksums.FILE_NAME).rename(tmp_path / "SHA256SUMS")
    (directory / checksums.FILE_NAME).symlink_to(tmp_path / "SHA256SUMS")
    assert "leads out of the volume" in complaint(settings)


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00 no model at all"])
def test_a_file_of_another_kind(settings: Settings, directory: Path, content: bytes) -> None:
    (directory / FILE_NAME).write_bytes(content)
    write_sums(directory)
    assert str(directory) in complaint(settings)


def test_a_truncated_model_with_checksums_of_its_own(settings: Settings, directory: Path) -> None:
    content = (directory / FILE_NAME).read_bytes()
    (directory / FILE_NAME).write_bytes(content[: len(content) // 2])
    write_sums(directory)
    assert str(directory) in complaint(settings)


def test_a_directory_that_is_half_copied(settings: Settings, directory: Path) -> None:
    (directory / checksums.FILE_NAME).unlink()
    assert "SHA256SUMS is missing, so the model cannot be verified" in complaint(settings)


def test_ten_thousand_stray_files_do_no_harm(settings: Settings, volume: Path, directory: Path) -> None:
    for number in range(10_000):
        (volume / f"stray-{number}").touch()
    if directory == volume:
        assert "does not list 'stray-0'" in complaint(settings)
    else:
        assert loader.load(settings)


def test_a_name_that_is_no_text_can_be_told_to_everybody(settings: Settings) -> None:
    odd = os.fsencode(model_repository.find(settings).directory) + b"/\xff.bin"
    with open(odd, "wb"):  # noqa: PTH123
        pass
    with pytest.raises(ModelError) as caught:
        loader.load(settings)
    assert "\\udcff.bin" in str(caught.value)
    assert str(caught.value).encode()
