import errno
import os
import stat
from pathlib import Path

import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.settings import Settings
from service.volume import model_repository
from service.volume.files import explain_denial, os_errors_explained


@pytest.fixture
def file(settings: Settings) -> Path:
    return model_repository.find(settings).directory / FILE_NAME


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is denied to root")
def test_a_file_that_may_not_be_read_is_named_with_owner_mode_and_remedy(
    settings: Settings, file: Path
) -> None:
    file.chmod(0)
    with pytest.raises(ModelError) as caught:
        loader.load(settings)
    assert str(caught.value).startswith(f"{file} may not be read by uid {os.geteuid()}")
    assert "mode 0000" in str(caught.value)
    assert "chmod -R a+rX" in str(caught.value)


def test_the_first_thing_on_the_way_that_is_denied_is_named(
    volume: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.volume.files.readable", lambda path: path != volume)
    mode = f"{stat.S_IMODE(volume.stat().st_mode):04o}"
    sentence = explain_denial(file)
    assert sentence.startswith(f"{volume} may not be read")
    assert f"with mode {mode}" in sentence


def test_what_is_denied_behind_a_link_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr("service.volume.files.readable", lambda path: path.name != "real")
    sentence = explain_denial(tmp_path / "link" / "model.onnx")
    assert sentence.startswith(f"{tmp_path / 'real'} may not be read")


def test_a_rename_that_is_denied_names_where_it_should_have_led(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ModelError, match=f"^{tmp_path / 'in'} may not be changed"), os_errors_explained():
        raise PermissionError(errno.EACCES, "no", f"{tmp_path}/.tmp-1", None, f"{tmp_path}/in/1")


def test_links_that_lead_in_a_circle_end_in_a_sentence(settings: Settings, file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)
    with pytest.raises(ModelError, match=f"{file.name} cannot be used: Too many levels of symbolic links"):
        loader.load(settings)
