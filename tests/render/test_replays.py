"""Recorded answers: the same project again, and nothing but answers is taken from a record."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from answers import TEMPLATE
from project import contents, render

ANSWERS = {
    "project_name": "Page Turner",
    "description": 'Reads a = b: twice, it "says" {{ 7 * 7 }}.',
    "author": "José & Co",
    "base_image": "alpine",
    "model_runtime": "custom",
    "python_version": "3.12",
}


class User:
    """Somebody at a command line, with a directory of recorded answers."""

    def __init__(self, home: Path, recorded: str) -> None:
        self.home = home
        self.recorded = recorded
        self.config = home / "config.yaml"
        self.config.write_text(yaml.safe_dump({"replay_dir": str(home / "replay")}), encoding="utf-8")

    def run(self, output: Path, *arguments: str, hooks: str = "no") -> subprocess.CompletedProcess[str]:
        """Call cookiecutter."""
        command = [sys.executable, "-m", "cookiecutter", f"--accept-hooks={hooks}"]
        command += ["--config-file", str(self.config), "--output-dir", str(output), str(TEMPLATE), *arguments]
        environment = os.environ | {"NO_COLOR": "1"}
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    def record(self, **changes: object) -> Path:
        """Lay down a record with changes made by hand, where `--replay` finds it."""
        replay = self.home / "replay" / f"{TEMPLATE.name}.json"
        replay.parent.mkdir()
        context = json.loads(self.recorded)
        context["cookiecutter"] |= changes
        replay.write_text(json.dumps(context), encoding="utf-8")
        return replay


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What cookiecutter records of a render."""
    user = User(tmp_path_factory.mktemp("recorded"), "")
    result = user.run(user.home / "output", "--no-input", *(f"{key}={text}" for key, text in ANSWERS.items()))
    assert result.returncode == 0, result.stderr
    (path,) = (user.home / "replay").iterdir()
    return path.read_text(encoding="utf-8")


@pytest.fixture
def user(tmp_path: Path, recorded: str) -> User:
    """A user who can lay down a record."""
    return User(tmp_path, recorded)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What every file of a plain render holds."""
    output = tmp_path_factory.mktemp("plain")
    render(ANSWERS, output, hooks=False)
    return contents(output)


def test_answers_that_are_replayed_make_the_same_project(user: User, expected: dict[str, bytes]) -> None:
    record = user.record()
    for number, replay in enumerate(("--replay", f"--replay-file={record}")):
        output = user.home / f"again-{number}"
        result = user.run(output, replay)
        assert result.returncode == 0, result.stderr
        assert contents(output) == expected


def test_facts_and_paths_of_a_record_are_not_taken(user: User, expected: dict[str, bytes]) -> None:
    user.record(
        _exclude_newer="2026-01-01T00:00:00Z",
        __derived={"sample_directory": "../../evil", "fill": "touch evil"},
        _package_managers={"uv": {"lock_command": ["touch", "evil"]}},
    )
    output = user.home / "output" / "deep"
    result = user.run(output, "--replay")
    assert result.returncode == 0, result.stderr
    assert contents(output) == expected
    assert list((user.home / "output").iterdir()) == [output]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"base_image": "windows"}, "base_image cannot be 'windows': choose from slim, "),
        ({"colour": "red"}, "colour is not an option of this template: choose from project_name, "),
        ({"author": 1.5}, "author cannot be 1.5: put a text there, in quotes."),
        ({"project_slug": "../x"}, "project_slug is '../x', but it names the directory"),
        ({"model_runtime": "onnxruntime"}, "onnxruntime has no musl wheel"),
    ],
)
def test_recorded_answers_are_judged_like_others(user: User, changes: dict, sentence: str) -> None:
    user.record(**changes)
    output = user.home / "output"
    result = user.run(output, "--replay")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {sentence}")
    assert not output.exists()


def test_a_record_that_leaves_the_judge_out_is_judged_by_the_hook(user: User) -> None:
    user.record(_extensions=[], project_slug="../x")
    output = user.home / "output"
    result = user.run(output, "--replay", hooks="yes")
    assert result.returncode == 1
    assert "project_slug is '../x', but it names the directory" in result.stderr
    assert not (user.home / "x").exists()


def test_a_record_that_leaves_the_judge_out_removes_no_files_of_others(user: User) -> None:
    user.record(_extensions=[], project_slug="x/..")
    mine = user.home / "output" / "precious.txt"
    mine.parent.mkdir()
    mine.touch()
    assert user.run(mine.parent, "--replay", hooks="yes").returncode == 1
    assert mine.exists()
