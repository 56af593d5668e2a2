"""Every way to give answers: the same answers make the same files."""

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
    "description": 'Reads a = b: twice, it "says".',
    "author": "José & Co",
    "base_image": "alpine",
    "model_runtime": "tract",
    "python_version": "3.12",
}


class User:
    """Somebody at a command line, whose configuration and replays stand in a directory of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / "config.yaml"
        self.configure({})

    def configure(self, default_context: dict[str, str]) -> None:
        """Write the user's configuration."""
        places = {"replay_dir": str(self.home / "replay"), "cookiecutters_dir": str(self.home / "templates")}
        content = yaml.safe_dump(places | {"default_context": default_context})
        self.config.write_text(content, encoding="utf-8")

    def render(self, *arguments: str) -> dict[str, bytes]:
        """Render without hooks and without a keyboard, and return what every file holds."""
        output = self.home / f"output-{len(list(self.home.iterdir()))}"
        command = [
            sys.executable,
            "-m",
            "cookiecutter",
            "--accept-hooks=no",
            "--config-file",
            str(self.config),
        ]
        command += ["--output-dir", str(output), *arguments[:1], str(TEMPLATE), *arguments[1:]]
        environment = os.environ | {"NO_COLOR": "1"}
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)
        return contents(output)


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A user without any configuration."""
    return User(tmp_path)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What every file of a plain render holds."""
    output = tmp_path_factory.mktemp("plain")
    render(ANSWERS, output, hooks=False)
    return contents(output)


def test_answers_on_the_command_line(user: User, expected: dict[str, bytes]) -> None:
    assert user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items())) == expected


def test_answers_of_the_users_configuration(user: User, expected: dict[str, bytes]) -> None:
    user.configure(ANSWERS | {"full_name": "for other templates"})
    assert user.render("--no-input") == expected


def test_answers_that_are_replayed(user: User, expected: dict[str, bytes]) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    assert user.render("--replay") == expected
    (replay,) = (user.home / "replay").iterdir()
    assert user.render(f"--replay-file={replay}") == expected
