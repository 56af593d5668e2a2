"""Every way to give answers: the same answers make the same files."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import yaml
from answers import FACTS, OPTIONS, TEMPLATE
from pre_gen_project import find_conflicts
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

    def configure(self, default_context: dict) -> None:
        """Write the user's configuration."""
        places = {"replay_dir": str(self.home / "replay"), "cookiecutters_dir": str(self.home / "templates")}
        content = yaml.safe_dump(places | {"default_context": default_context})
        self.config.write_text(content, encoding="utf-8")

    def run(self, output: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Call cookiecutter without hooks."""
        command = [sys.executable, "-m", "cookiecutter", "--accept-hooks=no", "--config-file", self.config]
        command += ["--output-dir", output, *arguments[:1], TEMPLATE, *arguments[1:]]
        environment = os.environ | {"NO_COLOR": "1"}
        return subprocess.run(command, input=typed, capture_output=True, text=True, env=environment)

    def render(self, *arguments: str, typed: str = "") -> dict[str, bytes]:
        """Render, and return what every file holds."""
        output = self.home / f"output-{len(list(self.home.iterdir()))}"
        result = self.run(output, *arguments, typed=typed)
        assert result.returncode == 0, result.stderr
        return contents(output)

    @property
    def record(self) -> Path:
        """Where cookiecutter has recorded the answers."""
        (path,) = (self.home / "replay").iterdir()
        return path

    @contextmanager
    def recorded(self) -> Iterator[dict]:
        """Give what is recorded, to be changed."""
        context = json.loads(self.record.read_text(encoding="utf-8"))
        yield context["cookiecutter"]
        self.record.write_text(json.dumps(context), encoding="utf-8")


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


def test_a_default_that_no_choice_is_ends_in_a_sentence_before_the_first_question(user: User) -> None:
    user.configure({"base_image": "alpin", "author": "never heard of"})
    output = user.home / "output"
    result = user.run(output)
    assert (result.returncode, result.stdout) == (1, "")
    # cookiecutter has warned before, in its own words.
    assert result.stderr.splitlines()[-2:] == [
        "Error: In the default_context of your configuration, "
        "base_image cannot be 'alpin': did you mean alpine?",
        "Put it right there, or leave the configuration out with --default-config.",
    ]
    assert not output.exists()


@pytest.mark.parametrize(
    ("default", "sentence"),
    [
        ({"project_slug": date(2020, 1, 1)}, "project_slug cannot be 2020-01-01: put it in quotes."),
        ({"project_name": 5}, "project_name cannot be 5: put it in quotes."),
        (
            {"__project_slug": "../evil"},
            "__project_slug is not an option of this template: did you mean project_slug?",
        ),
        ({"author": "{{ 1/0 }}"}, "author cannot hold {{, which begins Jinja: do without."),
    ],
)
def test_a_default_that_cannot_be_taken_as_it_is_ends_in_a_sentence(
    user: User, default: dict, sentence: str
) -> None:
    user.configure(default)
    result = user.run(user.home / "output", "--no-input")
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == f"Error: In the default_context of your configuration, {sentence}"
    assert not [*user.home.rglob("pyproject.toml")]


def test_a_default_for_what_may_be_a_misspelt_option_is_told_of_once(
    user: User, expected: dict[str, bytes]
) -> None:
    user.configure(ANSWERS | {"bsae_image": "slim", "full_name": "José", "package_name": "x"})
    result = user.run(user.home / "output", "--no-input")
    warning, _ = result.stderr.splitlines()  # the other line is about the lock
    assert warning == (
        "Warning: bsae_image in the default_context of your configuration is not an option of this template: "
        "did you mean base_image?"
    )
    assert contents(user.home / "output") == expected


def test_defaults_that_cannot_be_had_do_not_keep_anybody_from_a_replay(
    user: User, expected: dict[str, bytes]
) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    user.configure({"base_image": "alpin"})
    assert user.render("--replay") == expected


def test_answers_that_are_replayed(user: User, expected: dict[str, bytes]) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    assert user.render("--replay") == expected
    assert user.render(f"--replay-file={user.record}") == expected


def test_a_record_of_other_facts_makes_what_its_answers_make_today(
    user: User, expected: dict[str, bytes]
) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    with user.recorded() as record:
        record["_exclude_newer"] = "2026-01-01T00:00:00Z"
        record["_extensions"] = ["refuse_unknown_options.RefuseUnknownOptions"]
        record["__derived"] = {"python_image": "python:3.11"}
        del record["_tracing"]
        for layout in record["_model_layouts"].values():
            del layout["served_name"]
    assert user.render("--replay") == expected


def test_what_a_record_does_not_answer_is_asked(user: User, expected: dict[str, bytes]) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    with user.recorded() as record:
        del record["model_runtime"], record["_model_runtimes"]
    tract = [*FACTS["_model_runtimes"]].index("tract") + 1
    assert user.render("--replay", typed=f"{tract}\n") == expected


def test_a_slug_that_a_record_lacks_is_asked(user: User, expected: dict[str, bytes]) -> None:
    user.render("--no-input", *(f"{name}={text}" for name, text in ANSWERS.items()))
    with user.recorded() as record:
        del record["project_slug"]
    assert user.render("--replay", typed="page-turner\n") == expected


@pytest.mark.parametrize("by_file", [True, False])
def test_a_record_of_nothing_but_answers_ends_in_a_sentence_with_what_to_do(
    user: User, by_file: bool
) -> None:
    user.render("--no-input")
    with user.recorded() as record:
        for name in record.keys() - OPTIONS:
            del record[name]
        kept = [f"{name}={answer}" for name, answer in record.items()]
    output = user.home / "output"
    result = user.run(output, f"--replay-file={user.record}" if by_file else "--replay")
    lacking, way = result.stderr.splitlines()
    assert result.returncode == 1
    assert lacking == "Error: The record has no __project_slug, __sample_format, __sample_files, __derived."
    assert shlex.split(way.partition(", with all that it still knows: ")[2])[2:] == kept
    assert not output.exists()


@pytest.mark.parametrize(("name", "answer"), [("author", 1.5), ("project_name", 5), ("project_slug", 5)])
def test_recorded_answers_that_are_no_texts_end_in_a_sentence(user: User, name: str, answer: float) -> None:
    user.render("--no-input")
    with user.recorded() as record:
        record[name] = answer
    result = user.run(user.home / "output", "--replay")
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == f"Error: {name} cannot be {answer}: put it in quotes."


def test_jinja_in_a_recorded_answer_is_not_run(user: User) -> None:
    user.render("--no-input")
    with user.recorded() as record:
        record["description"] = "{{ 7 * 7 }}"
    assert b'description = "{{ 7 * 7 }}"\n' in user.render("--replay")["model-service/pyproject.toml"]


def test_recorded_answers_that_can_no_longer_be_had_are_named_with_what_to_do(user: User) -> None:
    user.render("--no-input", "author=José & Co")
    with user.recorded() as record:
        record |= {"base_image": "windows", "colour": "red", "description": "{{ x }}"}
        kept = [f"{name}={record[name]}" for name in OPTIONS if name not in {"base_image", "description"}]
    output = user.home / "output"
    result = user.run(output, "--replay")
    assert result.returncode == 1
    unoffered, unknown, way = result.stderr.splitlines()
    assert unoffered == "Error: base_image cannot be 'windows': choose from slim, alpine, distroless."
    assert unknown.startswith("colour is not an option of this template: choose from")
    sentence, _, command = way.partition(", with all that it still knows: ")
    assert sentence == "The record was made by another version of the template: answer again"
    assert shlex.split(command) == ["cookiecutter", str(TEMPLATE), *kept]
    assert not output.exists()


def test_recorded_answers_that_do_not_work_together_are_refused(user: User) -> None:
    user.render("--no-input")
    with user.recorded() as record:
        record["base_image"] = "alpine"
        conflicts = find_conflicts(record)
    result = user.run(user.home / "output", "--replay")
    assert (result.returncode, result.stderr.splitlines()) == (1, [f"Error: {conflicts[0]}"])
