"""The model volume as others leave it: links, checksums, litter, and what cannot be read."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_files import os_errors_explained, require_model, verify_files
from service.settings import Settings

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()

# What `sha256sum --check` accepts as a list for a file with this content.
LISTS = {
    "two spaces": f"{SHA256}  model.bin\n",
    "binary mode": f"{SHA256} *model.bin\n",
    "one space": f"{SHA256} model.bin\n",
    "capitals": f"{SHA256.upper()}  model.bin\n",
    "a leading ./": f"{SHA256}  ./model.bin\n",
    "--tag": f"SHA256 (model.bin) = {SHA256}\n",
    "openssl": f"SHA256(model.bin)= {SHA256}\n",
    "CRLF and a comment": f"# from the registry\r\n{SHA256}  model.bin\r\n",
    "no line end": f"{SHA256}  model.bin",
    "a directory below": f"{SHA256}  model.bin\n{SHA256}  below/part.bin\n",
    "the list itself": f"{'0' * 64}  SHA256SUMS\n{SHA256}  model.bin\n",
}

# What is wrong with a volume, as a shell command in the directory of the model, and what the service says.
HOSTILE = {
    "rm model.bin": r"volume/model\.bin is missing: put the model there under this name",
    "mv model.bin my.bin": r"model\.bin is missing, but there is my\.bin: put the model there",
    "mv model.bin \"$(printf 'a\\nb')\"": r"missing, but there is 'a\\nb': put the model",
    "rm model.bin && mkfifo model.bin": r"model\.bin is not a file: copy the model again",
    "rm model.bin && mkdir model.bin": r"model\.bin is not a file: copy the model again",
    "ln -sf gone model.bin": r"model\.bin is missing, or is a link to what is: copy the model again",
    "rm model.bin && ln -s model.bin model.bin": r"model\.bin is missing, or is a link to what is",
    "ln -sf ../outside model.bin": r"model\.bin leads out of the volume: copy the file",
    "ln -sf /dev/zero model.bin": r"model\.bin leads out of the volume",
    "ln -s ../outside labels.txt": r"labels\.txt leads out of the volume",
    "echo version https://git-lfs.github.com/spec/v1 > model.bin": "is a Git LFS pointer: run `git lfs pull`",
    "echo other > model.bin": r"model\.bin is damaged or was changed: copy it again",
    "printf weight > model.bin": r"model\.bin is damaged or was changed: copy it again",
    "ln -sf gone SHA256SUMS": "SHA256SUMS is missing, or is a link to what is",
    "rm SHA256SUMS && mkfifo SHA256SUMS": "SHA256SUMS is not a file",
    ": > SHA256SUMS": r"SHA256SUMS does not list model\.bin: run `rm -f SHA256SUMS; sha256sum",
    "echo hello >> SHA256SUMS": "SHA256SUMS has no checksum and name in line 2: run `rm -f SHA256SUMS",
    "printf '\\377\\000' >> SHA256SUMS": "SHA256SUMS has no checksum and name in line 2",
    f"echo '{SHA256}  config.json' >> SHA256SUMS": r"volume/config\.json is missing, or",
    f"echo '{SHA256}  ../outside' >> SHA256SUMS": "outside leads out of the volume",
    f"echo '{SHA256}  /etc/passwd' >> SHA256SUMS": "/etc/passwd leads out of the volume",
    f"echo '{'0' * 64}  model.bin' >> SHA256SUMS": r"model\.bin is damaged or was changed",
    f"printf '{SHA256}  \\351\\n' >> SHA256SUMS": r"volume/\\udce9' is missing",
}

# What lies about on volumes without being of a model.
LITTER = """
mkdir lost+found .cache .git && touch ._model.bin .DS_Store .gitattributes unlisted.txt 'two words'
mkfifo pipe && ln -s gone dangling && ln -s loop loop && ln -s /gone/elsewhere absolute
touch "$(printf 'line\\nend')" && (touch "$(printf '\\351')" || echo the file system takes only UTF-8)
"""


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return a volume with a model and its list, and a file beside the volume."""
    volume = tmp_path / "volume"
    volume.mkdir()
    (tmp_path / "outside").write_bytes(CONTENT)
    (volume / "model.bin").write_bytes(CONTENT)
    (volume / "SHA256SUMS").write_text(f"{SHA256}  model.bin\n")
    return volume


def check(volume: Path, *, require_checksums: bool = False) -> None:
    """Find and verify `model.bin`, as every layout does."""
    settings = Settings(model_repository=volume, require_checksums=require_checksums)
    with os_errors_explained():
        require_model(volume / "model.bin", volume)
        verify_files(volume / "model.bin", settings)


def run(script: str, directory: Path) -> None:
    subprocess.run(["sh", "-ec", script], cwd=directory, check=True)


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_sha256sum_accepts_is_verified(volume: Path, kind: str) -> None:
    (volume / "below").mkdir()
    (volume / "below" / "part.bin").write_bytes(CONTENT)
    (volume / "SHA256SUMS").write_text(LISTS[kind], newline="")
    check(volume, require_checksums=True)
    (volume / "model.bin").write_bytes(CONTENT.upper())
    with pytest.raises(ModelError, match=r"model\.bin is damaged or was changed"):
        check(volume)


@pytest.mark.parametrize("script", HOSTILE)
def test_a_spoilt_volume_is_refused_in_one_sentence(volume: Path, script: str) -> None:
    run(script, volume)
    with pytest.raises(ModelError, match=HOSTILE[script]) as refusal:
        check(volume)
    assert str(refusal.value).isprintable()


def test_what_is_no_model_file_is_skipped(volume: Path) -> None:
    run(LITTER, volume)
    check(volume)


def test_a_model_without_a_list_is_served_with_one_warning(
    volume: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (volume / "SHA256SUMS").unlink()
    check(volume)
    assert caplog.messages == [f"{volume}/model.bin is served unverified: no SHA256SUMS lies beside it"]


def test_a_setting_refuses_a_model_without_a_list(volume: Path) -> None:
    (volume / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="SHA256SUMS is missing, and REQUIRE_CHECKSUMS is set: run `rm"):
        check(volume, require_checksums=True)


def test_a_link_within_the_volume_is_followed(volume: Path) -> None:
    run("mkdir weights && mv model.bin weights/1 && ln -s weights/1 model.bin", volume)
    check(volume)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "", "/models/a"), r"/models/a may not be read by uid \d+: run `chmod -R a\+rX`"),
        (FileNotFoundError(2, "", "/models"), "/models is missing: put a model there, or set MODEL_REPO"),
        (OSError(5, "Input/output error"), r"the model volume cannot be read \(Input/output error\): copy"),
    ],
)
def test_what_the_operating_system_refuses_is_one_sentence(error: OSError, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence), os_errors_explained():
        raise error
