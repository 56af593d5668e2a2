"""Answers are data: whatever they hold, the files say exactly that; what cannot work leaves nothing."""

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from answers import OPTIONS, REFUSED, TEMPLATE, Answers, complete
from pre_gen_project import find_conflicts
from project import commit, copy_template, render

HOSTILE = [
    'She said "no"',
    "back\\slash\\",
    "it's",
    "José 🤖 日本語",
    "$HOME ${PORT} $$ `id`",
    "# not a comment: {a: b} [c]",
    "</title><b>&amp;",
    "%s %(x)s {0} {name}",
    '"""',
    "x" * 200,
    "a {# comment #} {{ 7 * 7 }} {% raw %} {{ cookiecutter.nope }}",
]


def check_texts(project: Path, text: str) -> None:
    """Check that every text of a project arrived as it was given."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pyproject["description"] == text
    assert pyproject["authors"] == [{"name": text}]
    assert yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["name"] == "reader"
    assert (project / "README.md").read_text(encoding="utf-8").startswith(f"# {text}\n\n{text}\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_arrives_as_it_was_given(tmp_path: Path, text: str) -> None:
    answers = {"project_name": text, "project_slug": "reader", "description": text, "author": text}
    check_texts(render(answers, tmp_path, hooks=False), text)


def test_cruft_takes_texts_literally_too(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    commit(template, "first")
    text = "a {# comment #} {{ 1/0 }}"
    answers = {"project_name": text, "project_slug": "reader", "description": text, "author": text}
    command = [sys.executable, "-m", "cruft", "create", str(template), "--no-input", "--default-config"]
    command += ["--output-dir", str(tmp_path / "output"), "--extra-context", json.dumps(answers)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    check_texts(tmp_path / "output" / "reader", text)


def run_cookiecutter(
    output: Path, *answers: str, questions: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Render as a user on the command line does; with questions if they are answered, one a line."""
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--default-config"]
    command += ["--output-dir", str(output), *([] if questions is not None else ["--no-input"]), *answers]
    environment = os.environ | {"NO_COLOR": "1"}
    return subprocess.run(command, input=questions, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("answers", "hooks"),
    [
        (REFUSED[0], "yes"),
        ({"project_slug": ".."}, "no"),
        ({"project_slug": "x/.."}, "yes"),
        ({"project_slug": "x/.."}, "no"),
        ({"project_slug": "/elsewhere"}, "no"),
        ({"project_slug": "python"}, "no"),
    ],
)
def test_answers_that_cannot_work_leave_a_sentence_and_nothing_else(
    tmp_path: Path, answers: Answers, hooks: str
) -> None:
    output = tmp_path / "mine" / "output"
    output.mkdir(parents=True)
    mine = output / "precious.txt"
    mine.touch()
    given = [f"{option}={value}" for option, value in answers.items()]
    result = run_cookiecutter(output, f"--accept-hooks={hooks}", *given)
    (sentence,) = find_conflicts(complete(answers))
    assert (result.returncode, result.stderr) == (1, f"Error: {sentence}\n")
    assert sorted(tmp_path.rglob("*")) == [output.parent, output, mine]


def test_a_choice_that_does_not_exist_is_refused_with_all_that_do(tmp_path: Path) -> None:
    # cookiecutter compares choices before it loads anything of a template, and ends in a traceback.
    result = run_cookiecutter(tmp_path, "base_image=alpin")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "ValueError: alpin provided for choice variable base_image, "
        f"but the choices are {OPTIONS['base_image']}."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "option", "questions"),
    [
        ("bsae_image=alpine", "base_image", ""),
        ("discription=It says a=b, twice.", "description", None),
    ],
)
def test_an_answer_that_belongs_to_no_option_is_refused_before_the_first_question(
    tmp_path: Path, answer: str, option: str, questions: str | None
) -> None:
    result = run_cookiecutter(tmp_path, answer, questions=questions)
    name, _, _ = answer.partition("=")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"Error: {name} is not an option of this template: did you mean {option}?\n"
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_after_the_questions_keeps_the_answers(tmp_path: Path) -> None:
    typed = ["Page Turner", "", "It's a test", "", "2", *[""] * (len(OPTIONS) - 5)]
    result = run_cookiecutter(tmp_path, questions="\n".join(typed) + "\n")
    assert result.returncode == 1
    conflict, way, command = result.stderr.splitlines()
    assert conflict.startswith("Error: onnxruntime has no musl wheel")
    assert way == "This asks again and keeps your other answers:"
    arguments = shlex.split(command)
    assert {"project_name=Page Turner", "project_slug=page-turner", "description=It's a test"} <= {*arguments}
    assert not any(argument.startswith(("base_image=", "model_runtime=")) for argument in arguments)
    # The command asks again, and Enter through all of it gives the project.
    again = subprocess.run(
        [sys.executable, "-m", *arguments], input="\n" * len(OPTIONS), capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "page-turner" / "README.md").read_text(encoding="utf-8").startswith("# Page Turner\n")


def test_what_only_looks_like_an_answer_is_not_refused(tmp_path: Path) -> None:
    output = tmp_path / "bsae_image=alpine"
    description = "Say bsae_image=alpine = colour=red."
    result = run_cookiecutter(output, "--accept-hooks=no", f"description={description}", "author=x=y")
    assert result.returncode == 0, result.stderr
    pyproject = (output / "model-service" / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(pyproject)["project"]["description"] == description


def test_a_project_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "model-service" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("keep me", encoding="utf-8")
    assert run_cookiecutter(tmp_path).returncode == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
