"""The command that changes a volume: what it does, what it refuses, and that no kill leaves a half."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from service import models
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.settings import Settings
from service.volume import model_repository

# Adds a model again and again, and dies each time, without a word, one change to the file system later;
# prints what is served after each death.
KILLED = textwrap.dedent(
    """
    import itertools, os, sys
    changes = {"open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
    volume = os.environ["MODEL_REPOSITORY"]
    from service import models
    from service.volume import model_repository
    from service.settings import read_settings

    def add_and_die(step):
        left = itertools.count(step, -1)

        def count(event, arguments):
            if event in changes and any(volume in str(argument) for argument in arguments):
                if next(left) == 0:
                    os._exit(137)

        sys.addaudithook(count)
        sys.stdout = open(os.devnull, "w")
        models.main()
        os._exit(0)

    code = None
    for step in itertools.count(0):
        child = os.fork() or add_and_die(step)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found = model_repository.find(read_settings())
        model_repository.verify(found, read_settings().model_repository)
        print(code, found, flush=True)
        if code == 0:
            break
    """
)

# Adds a model again and again, and finds the disk full one change to the file system later each time; prints
# how each time ended, and whether anything is left of it.
FULL = textwrap.dedent(
    """
    import errno, itertools, os, sys
    from pathlib import Path
    volume = os.environ["MODEL_REPOSITORY"]
    from service import models

    def takes_room(event, arguments):
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        named = any(volume in str(argument) for argument in arguments)
        return named and (writes or event in {"os.link", "os.symlink", "os.mkdir"})

    def add_and_fail(step):
        left = itertools.count(step, -1)

        def refuse(event, arguments):
            if takes_room(event, arguments) and next(left) <= 0:
                raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))

        sys.addaudithook(refuse)
        sys.stdout = sys.stderr = open(os.devnull, "w")
        try:
            models.main()
        except SystemExit as left_with:
            os._exit(1 if isinstance(left_with.code, str) else 99)
        os._exit(0)

    def tree():
        return {
            path: os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
            for path in Path(volume).rglob("*")
        }

    code, before = None, tree()
    for step in itertools.count(0):
        child = os.fork() or add_and_fail(step)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, *sorted(str(path) for path in {*tree().items()} ^ {*before.items()}), flush=True)
        if code != 1:
            break
    """
)


@pytest.fixture
def sample(settings: Settings) -> Path:
    """The directory of the sample's files, which are as good as any to be added."""
    return model_repository.find(settings).directory


@pytest.fixture
def source(sample: Path, tmp_path: Path) -> Path:
    """A model to add: the files of the sample, in a directory outside the volume."""
    directory = tmp_path / "new"
    directory.mkdir()
    for path in sample.iterdir():
        if path.is_file():
            (directory / path.name).write_bytes(path.read_bytes())
    (directory / "not-the-sample.txt").write_text("so that it is not the sample")
    return directory


def run(volume: Path, *arguments: object, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script that runs the command on a volume, in a process of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = os.environ | {"MODEL_REPOSITORY": str(volume)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def call(volume: Path, *arguments: object) -> tuple[object, str]:
    """Run the command on a volume, here; return what it exits with and what it prints."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as stdout:
        patch.setenv("MODEL_REPOSITORY", str(volume))
        patch.setattr(sys, "argv", ["models", *map(str, arguments)])
        patch.setattr(signal, "signal", lambda *_: None)
        try:
            models.main()
        except SystemExit as left:
            return left.code, stdout.getvalue()
        return 0, stdout.getvalue()


def words(volume: Path, *arguments: object) -> str:
    """Run the command, which succeeds, and return what it says."""
    code, said = call(volume, *arguments)
    assert code == 0
    return said


def complaint(volume: Path, *arguments: object) -> str:
    """Run the command, which fails, and return the one line that it says."""
    sentence, said = call(volume, *arguments)
    assert isinstance(sentence, str)
    assert "\n" not in sentence
    assert said == ""
    return sentence


def tree(volume: Path) -> dict[str, bytes | str]:
    """Return every file of a volume with its content, and every link with its target."""
    files = [path for path in sorted(volume.rglob("*")) if path.is_symlink() or not path.is_dir()]
    return {
        str(path.relative_to(volume)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in files
    }


def test_a_model_that_is_added_is_served_by_the_next_start(
    settings: Settings, volume: Path, source: Path
) -> None:
    before = model_repository.find(settings)
    said = words(volume, "add", source)
    after = loader.load(settings)
    assert str(after) != str(before)
    assert said == f"{after} is on the volume; the next start or reload serves {after}\n"


def test_what_is_added_can_be_read_by_everybody(settings: Settings, volume: Path, source: Path) -> None:
    source.chmod(0o700)
    (source / FILE_NAME).chmod(0o600)
    words(volume, "add", source)
    directory = model_repository.find(settings).directory
    assert directory.stat().st_mode & 0o777 == 0o755
    assert (directory / FILE_NAME).stat().st_mode & 0o777 == 0o644


def test_the_first_model_of_an_empty_volume_is_served(tmp_path: Path, source: Path) -> None:
    volume = tmp_path / "empty"
    volume.mkdir()
    words(volume, "add", source, "--name", "first")
    assert loader.load(Settings(model_repository=volume))
    assert list(volume.glob(".tmp-*")) == []


def test_versions_are_listed_and_verified(settings: Settings, volume: Path, source: Path) -> None:
    before = model_repository.find(settings)
    assert words(volume, "list") == f"{before}  served\n"
    words(volume, "add", source)
    after = model_repository.find(settings)
    listed = words(volume, "list").splitlines()
    assert f"{after}  served" in listed
    assert len(listed) == 2
    assert words(volume, "verify").count(" is as it was meant\n") == 2


def test_a_version_that_is_not_as_it_was_meant_is_named(
    settings: Settings, volume: Path, source: Path
) -> None:
    words(volume, "add", source)
    directory = model_repository.find(settings).directory
    with (directory / FILE_NAME).open("ab") as file:
        file.write(b"!")
    sentence, said = call(volume, "verify")
    assert str(directory / FILE_NAME) in str(sentence)
    assert said.count(" is as it was meant\n") == 1


def test_an_older_version_can_be_used_again(settings: Settings, volume: Path, source: Path) -> None:
    words(volume, "add", source)
    newest = model_repository.find(settings)
    older = next(found for found in model_repository.list_versions(settings) if found != newest)
    assert words(volume, "use", older.version) == f"the next start or reload serves {older}\n"
    assert loader.load(settings).version == older.version
    words(volume, "use", newest.version)
    assert loader.load(settings).version == newest.version


def test_a_version_that_is_not_there_cannot_be_used(volume: Path) -> None:
    before = tree(volume)
    assert " has no " in complaint(volume, "use", "7")
    assert tree(volume) == before


def test_a_file_that_is_no_model_is_refused_and_nothing_is_changed(volume: Path, tmp_path: Path) -> None:
    before = tree(volume)
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"not a model")
    complaint(volume, "add", wrong)
    complaint(volume, "add", tmp_path / "missing")
    (tmp_path / "bare").mkdir()
    assert FILE_NAME in complaint(volume, "add", tmp_path / "bare")
    assert tree(volume) == before
    assert list(volume.glob(".tmp-*")) == []


def add_pipe(source: Path) -> None:
    os.mkfifo(source / "pipe")


def damage(source: Path) -> None:
    (source / FILE_NAME).write_bytes((source / FILE_NAME).read_bytes() + b"!")


def add_directory(source: Path) -> None:
    (source / "more").mkdir()


def add_odd_name(source: Path) -> None:
    (source / "two\nlines").touch()


def add_link(source: Path) -> None:
    (source / "link").symlink_to("gone")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (add_pipe, "is not a file"),
        (damage, "is not what the SHA256SUMS beside it says"),
        (add_directory, "holds 'more', which is no plain file"),
        (add_odd_name, "which is no plain file with a plain name"),
        (add_link, "is a link to gone, which is not there"),
    ],
)
def test_a_source_that_cannot_become_a_version_is_refused(
    volume: Path, source: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    before = tree(volume)
    spoil(source)
    assert sentence in complaint(volume, "add", source)
    assert tree(volume) == before


def test_a_model_that_no_start_would_serve_is_refused(
    volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.predictor.to_inputs", lambda _: {"nothing": 0})
    sentence = complaint(volume, "add", source)
    assert sentence.startswith(f"{source} loads but does not answer the example request")
    monkeypatch.setenv("SERVE_PREDICT", "false")
    words(volume, "add", source)


def test_a_version_that_is_not_as_it_was_meant_cannot_be_used(
    settings: Settings, volume: Path, source: Path
) -> None:
    words(volume, "add", source)
    added = model_repository.find(settings)
    before = next(found for found in model_repository.list_versions(settings) if found != added)
    words(volume, "use", before.version)
    file = added.directory / FILE_NAME
    file.write_bytes(file.read_bytes() + b"!")
    complaint(volume, "use", added.version)
    assert model_repository.find(settings).version == before.version


def test_the_umask_of_whoever_adds_does_not_matter(settings: Settings, volume: Path, source: Path) -> None:
    umask = os.umask(0o077)
    try:
        words(volume, "add", source)
    finally:
        os.umask(umask)
    directory = model_repository.find(settings).directory
    for path in (directory, *directory.relative_to(volume).parents, *directory.iterdir()):
        assert (volume / path).stat().st_mode & 0o444 == 0o444, path


@pytest.mark.parametrize("option", ["--name", "--version"])
@pytest.mark.parametrize("words", ["../7", "/etc", "", "a b", "-", ".."])
def test_a_name_that_leads_elsewhere_is_refused(volume: Path, source: Path, option: str, words: str) -> None:
    before = tree(volume)
    code, _ = call(volume, "add", source, f"{option}={words}")
    assert code == 2
    code, _ = call(volume, "use", "1", f"--name={words}")
    assert code == 2
    assert tree(volume) == before


def test_a_volume_that_is_not_there_is_named(tmp_path: Path) -> None:
    for command in (["list"], ["add", "model"], ["use", "1"], ["verify"]):
        assert str(tmp_path / "gone") in complaint(tmp_path / "gone", *command)


def test_what_a_killed_command_has_left_is_cleared_by_the_next(volume: Path, source: Path) -> None:
    (volume / ".tmp-left").mkdir()
    words(volume, "add", source)
    assert list(volume.glob(".tmp-*")) == []


def test_a_kill_at_any_moment_leaves_a_volume_that_serves_the_old_or_the_new(
    settings: Settings, volume: Path, source: Path
) -> None:
    before = model_repository.find(settings)
    result = run(volume, "add", source, script=KILLED)
    assert result.returncode == 0, result.stderr
    *killed, last = [line.split() for line in result.stdout.splitlines()]
    assert {code for code, _ in killed} == {"137"}
    assert len(killed) > 10
    assert killed[0][1] == str(before)
    assert last == ["0", str(model_repository.find(settings))]
    assert words(volume, "verify")


def test_a_full_disk_leaves_the_volume_as_it_was(settings: Settings, volume: Path, source: Path) -> None:
    before = tree(volume)
    full = "import resource, service.models, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    full += "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); service.models.main()"
    result = run(volume, "add", source, script=full)
    assert result.returncode == 1
    assert "too large" in result.stderr
    assert "None" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert tree(volume) == before
    assert list(volume.glob(".tmp-*")) == []


def test_a_disk_that_is_full_at_any_moment_leaves_the_volume_as_it_was(
    settings: Settings, volume: Path, source: Path
) -> None:
    result = run(volume, "add", source, script=FULL)
    assert result.returncode == 0, result.stderr
    *failed, last = result.stdout.splitlines()
    assert len(failed) >= 5
    assert set(failed) == {"1"}
    assert last.startswith("0 ")
    again = source.parent / "again"
    source.rename(again)
    (again / "not-the-sample.txt").write_text("so that it is another")
    *failed, last = run(volume, "add", again, script=FULL).stdout.splitlines()
    assert set(failed) == {"1"}
    assert last.startswith("0 ")
    assert words(volume, "verify")
