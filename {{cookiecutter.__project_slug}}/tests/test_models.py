"""The command that changes a volume: what it does, what it refuses, and that no kill leaves a half."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service import models
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.settings import Settings
from service.volume import model_repository, model_store, staging

# How the first model of a volume is named.
NAMED = ["--name", "first"] if model_store.HAS_NAMES else []

# Adds a model again and again, and is hindered each time one change to the file system later: killed, or by a
# disk that is full. Prints of each time how it ended, what is served, and what the next command finds
# changed.
HINDERED = textwrap.dedent(
    """
    import contextlib, errno, itertools, json, os, shutil, sys
    from pathlib import Path
    from service import models
    from service.errors import ModelError
    from service.settings import read_settings
    from service.volume import model_repository, model_store

    volume, how = os.environ["MODEL_REPOSITORY"], sys.argv.pop()
    takes_room = {"os.link", "os.symlink", "os.mkdir"}
    changes = {"open", "os.rename", "os.remove", "os.rmdir", "os.chmod"} | takes_room

    def is_hindered(event, arguments):
        if how == "full" and event == "open":
            return isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        return event in (takes_room if how == "full" else changes)

    def add_hindered(step):
        left = itertools.count(step, -1)

        def hinder(event, arguments):
            here = any(volume in str(argument) for argument in arguments)
            if here and is_hindered(event, arguments) and next(left) <= 0:
                if how == "killed":
                    os._exit(137)
                raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))

        sys.addaudithook(hinder)
        sys.stdout = sys.stderr = open(os.devnull, "w")
        try:
            models.main()
        except SystemExit as left_with:
            os._exit(1 if isinstance(left_with.code, str) else 99)
        os._exit(0)

    def look():
        copy = Path(volume + "-copy")
        shutil.copytree(volume, copy, symlinks=True)
        if how == "killed":
            with contextlib.suppress(ModelError):
                model_store.use(copy, None, "77777")
        found = {
            str(path.relative_to(copy)): str(path.readlink()) if path.is_symlink() else
            path.is_file() and path.read_bytes()
            for path in copy.rglob("*")
        }
        shutil.rmtree(copy)
        return found

    code, before = None, look()
    for step in itertools.count(0):
        child = os.fork() or add_hindered(step)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        served = None
        with contextlib.suppress(ModelError):
            served = model_repository.find(read_settings())
            model_repository.verify(served, read_settings().model_repository)
        after = look()
        changed = sorted(path for path, _ in {*after.items()} ^ {*before.items()})
        print(json.dumps({"code": code, "served": served and str(served), "changed": changed}), flush=True)
        before = after
        if code not in {1, 137}:
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
    words(volume, "add", source, *NAMED)
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


def test_every_version_is_verified_although_none_would_be_served(
    volume: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words(volume, "add", source)
    monkeypatch.setenv("MODEL_VERSION", "77777")
    sentence, said = call(volume, "verify")
    assert "77777" in str(sentence)
    assert said.count(" is as it was meant\n") == 2


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


def add_odd_name(source: Path) -> None:
    (source / "two\nlines").touch()


def add_link(source: Path) -> None:
    (source / "link").symlink_to("gone")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (add_pipe, "is not a file"),
        (damage, "is not what the SHA256SUMS beside it says"),
        (add_odd_name, "holds 'two\\nlines', which is no plain "),
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


def test_a_source_that_is_not_there_is_refused_with_what_to_give(volume: Path, tmp_path: Path) -> None:
    wanted = f"{tmp_path / 'gone'} is not there: give a file, or a directory of files"
    assert complaint(volume, "add", tmp_path / "gone") == wanted


def test_who_is_told_twice_to_leave_cleans_up_all_the_same() -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(SystemExit, match="143"):
            models.leave(signal.SIGTERM, None)
        assert {signal.getsignal(number) for number in handlers} == {signal.SIG_IGN}
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_file_that_is_refused_is_named_as_it_was_given(volume: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(b"not a model")
    sentence = complaint(volume, "add", wrong)
    assert str(tmp_path) in sentence
    assert f"{wrong}/" not in sentence
    assert ".tmp-" not in sentence


def test_a_command_line_that_is_no_command_is_refused_in_one_line(
    volume: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["ad", "x"], ["add"], ["use"], ["list", "--all"]):
        code, _ = call(volume, *arguments)
        assert code == 2
        assert re.fullmatch(r"[^\n]+: see `python -m service.models.* --help`\n", capsys.readouterr().err)


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
    (volume / ".tmp-change-left").mkdir()
    words(volume, "add", source)
    assert list(volume.glob(".tmp-*")) == []


def test_what_somebody_copies_by_hand_is_left_alone(volume: Path, source: Path) -> None:
    (volume / ".tmp-new").mkdir()
    words(volume, "add", source)
    assert (volume / ".tmp-new").is_dir()


def test_a_command_that_waits_for_another_says_so(volume: Path, source: Path) -> None:
    with staging.locked(volume):
        waiting = subprocess.Popen(
            [sys.executable, "-m", "service.models", "add", str(source)],
            env=os.environ | {"MODEL_REPOSITORY": str(volume)},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stderr
        assert waiting.stderr.readline().startswith(f"{volume} is being changed by another command: waiting")
    assert waiting.communicate()[1] == ""
    assert waiting.returncode == 0


def hinder(volume: Path, how: str, *arguments: object) -> list[dict[str, Any]]:
    """Add a model until nothing hinders it any more; return how each time ended."""
    result = run(volume, "add", *arguments, how, script=HINDERED)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_kill_at_any_moment_leaves_a_volume_as_it_was_or_with_the_model_added(
    settings: Settings, volume: Path, source: Path
) -> None:
    served = str(model_repository.find(settings))
    *killed, last = hinder(volume, "killed", source)
    assert len(killed) > 10
    assert killed[0]["changed"] == []
    for time in [*killed, last]:
        assert time["served"]
        assert time["served"] != served or time["changed"] == []
        served = time["served"]
    assert {time["code"] for time in killed} == {137}
    assert last["code"] == 0
    assert words(volume, "verify")
    assert list(volume.rglob(".tmp-*")) == []


def test_a_kill_at_any_moment_leaves_an_empty_volume_empty_or_with_its_first_model(
    tmp_path: Path, source: Path
) -> None:
    volume = tmp_path / "empty"
    volume.mkdir()
    *killed, last = hinder(volume, "killed", source, *NAMED)
    assert killed[0] == {"code": 137, "served": None, "changed": []}
    served = None
    for time in [*killed, last]:
        assert time["served"] or not served
        assert time["served"] != served or time["changed"] == []
        served = time["served"]
    assert last["code"] == 0
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
    for content in ("so that it is not the sample", "so that it is another"):
        (source / "not-the-sample.txt").write_text(content)
        *failed, last = hinder(volume, "full", source)
        assert len(failed) >= 5
        assert all(time["code"] == 1 and time["changed"] == [] for time in failed)
        assert last["code"] == 0
        assert last["served"] == str(model_repository.find(settings))
    assert words(volume, "verify")
