"""`model_updates=live`: no kill and no full disk leaves half a model, and no switch loses a request."""

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, Answers
from generated.conftest import render_or_skip, serving
from load import Load, make_request
from project import run, wait_until
from stress import first_always

SWITCHES = 5
LAYOUTS = [DEFAULTS | {"model_layout": layout, "model_updates": "live"} for layout in CHOICES["model_layout"]]

# Runs a command again and again; each time, one change of the file system later is prevented, by a kill or by
# a full disk. Prints for each time how the command ended, and the version that is served and verified then.
HINDERED = """
import contextlib, errno, itertools, json, os, sys
from service import models
from service.errors import ModelError
from service.model_repository import find, verify
from service.settings import read_settings

volume, how = os.environ["MODEL_REPOSITORY"], sys.argv.pop()
takes_room = {"os.link", "os.symlink", "os.mkdir"}
changes = {"open", "os.rename", "os.remove", "os.rmdir", "os.chmod"} | takes_room

def is_hindered(event, arguments):
    if event == "open" and how == "full":
        return isinstance(arguments[2], int) and bool(arguments[2] & os.O_CREAT)
    return event in (takes_room if how == "full" else changes)

def run_hindered(step):
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
    except SystemExit as stop:
        os._exit(1 if isinstance(stop.code, str) else 99)
    os._exit(0)

for step in itertools.count(0):
    child = os.fork() or run_hindered(step)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    served = None
    with contextlib.suppress(ModelError):
        found = find(read_settings())
        verify(found, read_settings())
        served = str(found)
    print(json.dumps([code, served]), flush=True)
    if code != {"killed": 137, "full": 1}[how]:
        break
"""


@pytest.fixture(scope="module", params=first_always(LAYOUTS))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of each layout, installed once."""
    answers: Answers = request.param
    path = render_or_skip(answers, tmp_path_factory.mktemp(answers["model_layout"]))
    run(["make", "install"], path)
    return path


@pytest.fixture
def volume(project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(project / "models", tmp_path / "models", symlinks=True))


@pytest.fixture
def source(project: Path, tmp_path: Path) -> Path:
    """A model to add: the sample, and one file more."""
    (sample,) = (project / "models").rglob("model.onnx")
    (tmp_path / "new").mkdir()
    shutil.copy(sample, tmp_path / "new")
    (tmp_path / "new" / "notes.txt").write_text("so that it is another")
    return tmp_path / "new"


def environment(project: Path, volume: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(project / "src"), "MODEL_REPOSITORY": str(volume)}


def models(project: Path, volume: Path, *arguments: str) -> list[str]:
    """Run the command of the project on a volume; return the lines that it prints."""
    command = [str(project / ".venv/bin/python"), "-m", "service.models", *arguments]
    return run(command, project, **environment(project, volume)).splitlines()


def versions(project: Path, volume: Path) -> list[str]:
    return [line.split()[0].rpartition("/")[2] for line in models(project, volume, "list")]


def hinder(project: Path, volume: Path, how: str, *arguments: str) -> list[tuple[int, str | None]]:
    """Run a command until nothing hinders it; return how each time ended and what was served then."""
    command = [str(project / ".venv/bin/python"), "-c", HINDERED, *arguments, how]
    output = run(command, project, **environment(project, volume))
    return [(code, served) for code, served in map(json.loads, output.splitlines())]


@pytest.mark.parametrize(("how", "code"), [("killed", 137), ("full", 1)])
def test_a_hindered_command_leaves_a_volume_that_is_served_and_verified(
    project: Path, volume: Path, source: Path, how: str, code: int
) -> None:
    *failed, last = hinder(project, volume, how, "add", str(source))
    assert len(failed) >= 3
    assert {ended for ended, _ in failed} == {code}
    assert all(served for _, served in failed), failed
    assert last[0] == 0
    there = versions(project, volume)
    older, newer = [next(v for v in there if not last[1].endswith(f"/{v}")), last[1].rpartition("/")[2]]
    for command in (["use", older], ["remove", newer]):
        for ended, served in hinder(project, volume, how, *command):
            assert ended in {0, code, 1}
            assert served
    models(project, volume, "verify")
    assert list(volume.glob(".tmp-models-*")) == []


@pytest.mark.parametrize("how", ["killed", "full"])
def test_a_hindered_first_model_is_there_as_a_whole_or_not_at_all(
    project: Path,
    tmp_path: Path,
    source: Path,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    volume = tmp_path / "empty"
    volume.mkdir()
    monkeypatch.setenv("MODEL_NAME", "first")
    times = hinder(project, volume, how, "add", str(source))
    assert times[0][1] is None
    assert times[-1][0] == 0
    assert times[-1][1]
    models(project, volume, "verify")


def test_no_switch_loses_a_request(project: Path, volume: Path, source: Path) -> None:
    models(project, volume, "add", str(source))
    both = versions(project, volume)
    body = (project / "examples" / "predict.json").read_bytes()
    settings = {"MODEL_REPOSITORY": str(volume), "MODEL_RELOAD_SECONDS": "0.1", "LOG_LEVEL": "warning"}
    with serving(project, **settings) as served, ThreadPoolExecutor(1) as pool:
        load = Load("127.0.0.1", served.port, make_request("POST", "/predict", body), 8)
        running = pool.submit(lambda: asyncio.run(load.run()))
        try:
            for number in range(SWITCHES):
                models(project, volume, "use", both[number % 2])
                wanted = f"/{both[number % 2]}"
                wait_until(lambda wanted=wanted: served.get("/health/ready")[1]["model"].endswith(wanted))
        finally:
            load.stop()
        result = running.result(60)
    assert result.statuses.keys() == {200}, result.summary()
    assert (result.refused, result.lost) == (0, {}), result.summary()
    assert result.statuses[200] > 3000
