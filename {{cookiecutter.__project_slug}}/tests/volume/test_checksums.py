import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from service.errors import ModelError
from service.volume import checksums

CONTENT = b"a model"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "model.onnx"
    file.write_bytes(CONTENT)
    return file


def verify(file: Path) -> None:
    directory = file.parent
    checksums.verify(checksums.list_expected(directory, file.name, directory), directory)


def write_sums(file: Path, *lines: str) -> None:
    (file.parent / "SHA256SUMS").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("mode", [" ", "*"])
def test_a_file_that_matches_is_accepted_in_text_and_binary_mode(file: Path, mode: str) -> None:
    write_sums(file, f"{DIGEST} {mode}{file.name}")
    verify(file)


def test_every_listed_file_is_verified(file: Path) -> None:
    file.with_name("weights.bin").write_bytes(b"other weights")
    write_sums(file, f"{DIGEST}  {file.name}", f"{DIGEST}  weights.bin")
    with pytest.raises(ModelError, match=r"weights\.bin is damaged or was changed"):
        verify(file)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([f"{DIGEST}  another.onnx"], "does not list 'model.onnx'"),
        ([f"{DIGEST}  model.onnx", f"{DIGEST}  gone.bin"], "gone.bin is missing although"),
        ([f"{DIGEST}  ../model.onnx"], "names '../model.onnx', which is not a file beside it"),
        ([f"{DIGEST}  /etc/passwd"], "names '/etc/passwd', which is not a file beside it"),
        (["d41d8cd98f00b204e9800998ecf8427e  model.onnx"], "has a line that is no checksum and plain name"),
        ([], "does not list 'model.onnx'"),
        ([f"{DIGEST}  model.onnx", f"{'0' * 64}  model.onnx"], "lists model.onnx twice"),
        ([f"{DIGEST}  model.onnx\0"], "has a line that is no checksum and plain name"),
        ([f"\\{DIGEST}  we\\\\ird"], "has a line that is no checksum and plain name"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(file: Path, lines: list[str], sentence: str) -> None:
    write_sums(file, *lines)
    with pytest.raises(ModelError) as caught:
        verify(file)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_list_is_refused_with_the_command_that_writes_it(file: Path) -> None:
    with pytest.raises(ModelError, match=r"SHA256SUMS is missing.*sha256sum -- \* > SHA256SUMS`"):
        verify(file)


def test_a_list_that_is_not_text_is_refused(file: Path) -> None:
    file.with_name("SHA256SUMS").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="is not text as sha256sum writes it"):
        verify(file)


def test_the_remedy_works_however_often_it_is_followed(file: Path) -> None:
    command = checksums.remedy(file.parent).split("`")[1]
    for _ in range(2):
        subprocess.run(["sh", "-c", command], cwd=file.parent, check=True)
        verify(file)


def test_a_list_that_lists_itself_is_no_worse_for_it(file: Path) -> None:
    write_sums(file, f"{DIGEST}  {file.name}", f"{DIGEST}  SHA256SUMS")
    verify(file)


def test_windows_line_ends_do_not_matter(file: Path) -> None:
    file.with_name("SHA256SUMS").write_bytes(f"{DIGEST} *{file.name}\r\n".encode())
    verify(file)


@pytest.mark.parametrize("name", ["SHA256SUMS", "model.onnx"])
def test_what_is_no_regular_file_is_refused_before_it_is_read(file: Path, name: str) -> None:
    write_sums(file, f"{DIGEST}  {file.name}")
    file.with_name(name).unlink()
    os.mkfifo(file.with_name(name))
    with pytest.raises(ModelError, match="is not a file"):
        verify(file)


def test_a_list_is_read_whole_or_not_at_all(file: Path) -> None:
    line = f"{DIGEST}  {file.name}"
    write_sums(file, *[line] * (checksums.LARGEST_LIST // (len(line) + 1) + 1))
    with pytest.raises(ModelError, match="has more than 1000000 bytes"):
        verify(file)
