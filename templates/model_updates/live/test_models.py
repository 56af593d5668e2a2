"""`python -m service.models`: what it does, what it refuses, and that it leaves nothing incomplete."""

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service import models, staging
from service.errors import ModelError
from service.model_files import CHECKSUMS
from service.model_repository import find
from service.model_runtime import FILE_NAME
from service.settings import Settings

Run = Callable[..., str]


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty volume; any file that is added to it counts as a model."""
    volume = tmp_path / "models"
    volume.mkdir()
    monkeypatch.setenv("MODEL_REPOSITORY", str(volume))
    monkeypatch.setenv("MODEL_NAME", "digits")
    monkeypatch.setattr(staging, "load", lambda *_: None)
    return volume


@pytest.fixture
def run(volume: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command and returns its output; an exit raises `SystemExit`."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["models", *map(str, arguments)])
        capsys.readouterr()
        models.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a directory with a model to add."""
    directory = tmp_path / "new"
    directory.mkdir()
    (directory / FILE_NAME).write_text("first")
    (directory / "labels.txt").write_text("a\nb\n")
    return directory


@pytest.fixture
def two_versions(run: Run, source: Path) -> tuple[str, str]:
    """Add two versions; return the older one, and the one that is served."""
    run("add", source)
    older = served_version()
    (source / FILE_NAME).write_text("second")
    run("add", source)
    return older, served_version()


def served_version() -> str:
    return find(Settings()).version


def served_text() -> str:
    return find(Settings()).file.read_text()


def tree(volume: Path) -> dict[str, str]:
    """Return every file of a volume with its content, and every link with its target."""
    return {
        str(path.relative_to(volume)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in volume.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_a_model_that_is_added_is_served_with_all_its_files(run: Run, source: Path) -> None:
    said = run("add", source)
    found = find(Settings())
    assert said == f"{found} is on the volume\nthe service loads {found}\n"
    names = {path.name for path in found.directory.iterdir() if not path.name.startswith(".")}
    assert names == {FILE_NAME, "labels.txt", CHECKSUMS}


def test_a_model_that_the_settings_do_not_choose_is_added_with_a_hint(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_VERSION", "7")
    assert re.search(r" is on the volume\nthe service does not load it: .* MODEL_VERSION", run("add", source))


def test_everybody_can_read_what_is_added(run: Run, source: Path, volume: Path) -> None:
    (source / FILE_NAME).chmod(0o600)
    umask = os.umask(0o077)
    try:
        run("add", source)
    finally:
        os.umask(umask)
    for path in volume.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_versions_are_listed_and_verified(run: Run, two_versions: tuple[str, str]) -> None:
    listed = run("list").splitlines()
    assert len(listed) == 2
    assert [line for line in listed if line.endswith("  served")] == [f"digits/{two_versions[1]}  served"]
    assert sorted(run("verify").splitlines()) == sorted(f"digits/{version}: OK" for version in two_versions)


def test_a_version_that_was_changed_is_named(run: Run, two_versions: tuple[str, str]) -> None:
    find(Settings()).file.write_text("changed")
    with pytest.raises(SystemExit, match=f"{two_versions[1]}/{FILE_NAME} is damaged or was changed"):
        run("verify")


def test_an_older_version_is_served_again(run: Run, two_versions: tuple[str, str]) -> None:
    assert run("use", two_versions[0]) == f"the service loads digits/{two_versions[0]}\n"
    assert served_text() == "first"
    run("use", two_versions[1])
    assert served_text() == "second"


def test_a_version_is_removed_with_its_files(run: Run, two_versions: tuple[str, str], volume: Path) -> None:
    assert run("remove", two_versions[0]) == f"digits/{two_versions[0]} is removed\n"
    assert "first" not in tree(volume).values()
    assert run("list") == f"digits/{two_versions[1]}  served\n"


def test_the_version_that_is_served_is_not_removed(run: Run, two_versions: tuple[str, str]) -> None:
    with pytest.raises(SystemExit, match=f"digits/{two_versions[1]} is served: use another version before"):
        run("remove", two_versions[1])
    assert served_text() == "second"


@pytest.mark.parametrize("command", ["use", "remove"])
def test_a_missing_version_error_lists_the_existing_ones(
    run: Run, two_versions: tuple[str, str], command: str
) -> None:
    with pytest.raises(SystemExit, match=r"digits has no version 7 .*: choose one of .*, "):
        run(command, "7")


def damage(source: Path) -> None:
    (source / CHECKSUMS).write_text(f"{'0' * 64}  {FILE_NAME}\n")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (damage, f"/new/{FILE_NAME} is damaged or was changed"),
        (lambda source: os.mkfifo(source / "pipe"), "/new/pipe is not a file: remove it"),
        (lambda source: (source / "two\nlines").touch(), r"holds 'two\\nlines': give the file a plain name"),
        (lambda source: (source / "link").symlink_to("gone"), "/new/link is not a file: remove it"),
        (lambda source: (source / "link").symlink_to("/etc"), "/new/link is a link that leads out of"),
        (lambda source: (source / FILE_NAME).unlink(), f"/new has no {FILE_NAME}: give the directory"),
    ],
)
def test_a_source_that_cannot_be_a_model_is_refused_and_nothing_changes(
    run: Run, volume: Path, source: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    run("add", source)
    before = tree(volume)
    spoil(source)
    with pytest.raises(SystemExit, match=sentence):
        run("add", source)
    assert tree(volume) == before


def test_links_inside_the_source_are_followed(run: Run, tmp_path: Path, source: Path) -> None:
    snapshot = tmp_path / "hub" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "blobs").mkdir()
    (source / FILE_NAME).rename(snapshot.parents[1] / "blobs" / "123")
    (snapshot / FILE_NAME).symlink_to("../../blobs/123")
    run("add", snapshot)
    assert served_text() == "first"


def test_a_model_that_the_service_would_not_serve_is_refused_by_the_name_of_its_source(
    run: Run, volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path, _: Settings) -> None:
        raise ModelError(f"{directory / FILE_NAME} is no model")

    monkeypatch.setattr(staging, "load", refuse)
    with pytest.raises(SystemExit, match=f"^{source / FILE_NAME} is no model$"):
        run("add", source)
    with pytest.raises(SystemExit, match=f"^{source / 'labels.txt'} is no model$"):
        run("add", source / "labels.txt")
    assert tree(volume) == {}


@pytest.mark.parametrize("name", ["../7", "/etc", "", "a b", "x" * 97])
def test_a_name_that_leads_elsewhere_is_refused(run: Run, volume: Path, source: Path, name: str) -> None:
    for arguments in (["add", source, f"--name={name}"], ["remove", name], ["use", "1", f"--name={name}"]):
        with pytest.raises(SystemExit, match="2"):
            run(*arguments)
    assert tree(volume) == {}


def test_a_wrong_command_line_is_refused_in_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["ad", "x"], ["add"], ["use"], ["list", "--all"]):
        with pytest.raises(SystemExit, match="2"):
            run(*arguments)
        assert re.fullmatch(r"[^\n]+: see `python -m service.models.* --help`\n", capsys.readouterr().err)


def test_a_missing_volume_is_named(run: Run, volume: Path) -> None:
    volume.rmdir()
    with pytest.raises(SystemExit, match=f"^{volume} cannot be .*: No such file"):
        run("list")
