"""Answers are data: whatever they hold, the files say exactly that; what cannot work leaves nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from answers import REFUSED, TEMPLATE, Answers, complete
from click import ClickException
from cookiecutter.main import cookiecutter
from pre_gen_project import find_conflicts
from project import render

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
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_arrives_as_it_was_given(tmp_path: Path, text: str) -> None:
    answers = {"project_name": text, "project_slug": "reader", "description": text, "author": text}
    project = render(answers, tmp_path, hooks=False)
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pyproject["description"] == text
    assert pyproject["authors"] == [{"name": text}]
    assert yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["name"] == "reader"
    assert (project / "README.md").read_text(encoding="utf-8").startswith(f"# {text}\n\n{text}\n")
    label = re.search(r"image\.description=(.*) \\\n", (project / "Dockerfile").read_text(encoding="utf-8"))
    assert label
    assert json.loads(label[1].replace("\\$", "$")) == text


def test_jinja_in_a_replayed_answer_is_not_run(tmp_path: Path) -> None:
    text = "{{ 7 * 7 }} {% raw %}"
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"replay_dir": str(tmp_path / "replay")}), encoding="utf-8")
    options = {"output_dir": str(tmp_path), "config_file": str(config), "accept_hooks": False}
    first = cookiecutter(str(TEMPLATE), no_input=True, extra_context={"description": "PLACE"}, **options)
    shutil.rmtree(first)
    (replay,) = (tmp_path / "replay").iterdir()
    replay.write_text(replay.read_text(encoding="utf-8").replace("PLACE", text), encoding="utf-8")
    again = Path(cookiecutter(str(TEMPLATE), replay=str(replay), **options))
    pyproject = tomllib.loads((again / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["description"] == text


def run_cookiecutter(output: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    """Render with hooks, as a user on the command line does."""
    command = [sys.executable, "-m", "cookiecutter", TEMPLATE, "--no-input", "--default-config"]
    command += ["--output-dir", output, *answers]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})


@pytest.mark.parametrize("hooks", ["yes", "no"])
@pytest.mark.parametrize(
    "answers",
    [REFUSED[0], {"project_slug": "../evil"}, {"project_slug": "Évil Name"}, {"description": "two\nlines"}],
)
def test_answers_that_cannot_work_leave_a_sentence_and_nothing_else(
    tmp_path: Path, answers: Answers, hooks: str
) -> None:
    output = tmp_path / "output"
    output.mkdir()
    given = [f"{option}={value}" for option, value in answers.items()]
    result = run_cookiecutter(output, f"--accept-hooks={hooks}", *given)
    (sentence,) = find_conflicts(complete(answers))
    assert result.returncode == 1
    assert result.stderr == f"Error: {sentence}\n"
    assert list(tmp_path.rglob("*")) == [output]


def test_a_program_that_gives_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClickException, match="project_slug cannot be None: put a text there"):
        render({"project_slug": None}, tmp_path, hooks=False)
    assert list(tmp_path.iterdir()) == []


def test_a_program_cannot_lead_the_project_out_of_its_directory(tmp_path: Path) -> None:
    output = tmp_path / "output"
    project = render({"__project_slug": "../evil", "project_slug": "reader"}, output, hooks=False)
    assert project == output / "reader"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("answer", ["__project_slug=../evil", "_exclude_newer=x"])
def test_what_is_the_templates_own_cannot_be_answered(tmp_path: Path, answer: str) -> None:
    output = tmp_path / "output"
    result = run_cookiecutter(output, "--accept-hooks=no", answer)
    name, _, _ = answer.partition("=")
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith(f"Error: {name} is not an option of this template: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{{ 1/0 }}", "{{ cookiecutter.nope }}", "{% raw", "issue {#12}"])
def test_jinja_on_the_command_line_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    result = run_cookiecutter(tmp_path, "--accept-hooks=no", f"project_name={text}")
    mark = re.search(r"{[{%#]", text)[0]
    sentence = f"Error: project_name cannot hold {mark}, which begins Jinja: do without.\n"
    assert (result.returncode, result.stderr) == (1, sentence)
    assert list(tmp_path.iterdir()) == []


def test_answers_that_cannot_work_are_refused_to_a_program_as_well(tmp_path: Path) -> None:
    with pytest.raises(ClickException, match="publishes no musl wheel"):
        render(REFUSED[0], tmp_path, hooks=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("slug", ["..", "x/..", "x/../..", "a/b", "/", "~", "{absolute}"])
def test_a_slug_that_is_a_path_harms_nothing_outside_and_leaves_nothing(tmp_path: Path, slug: str) -> None:
    output = tmp_path / "mine" / "output"
    output.mkdir(parents=True)
    mine = output / "precious.txt"
    mine.touch()
    slug = slug.format(absolute=tmp_path / "elsewhere")
    assert run_cookiecutter(output, f"project_slug={slug}").returncode == 1
    assert sorted(tmp_path.rglob("*")) == [output.parent, output, mine]


def test_a_choice_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    result = run_cookiecutter(tmp_path, "base_image=windows")
    assert result.returncode == 1
    assert "windows" in result.stderr
    assert "alpine" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "option"),
    [("bsae_image=alpine", "base_image"), ("discription=It says a=b, twice.", "description")],
)
def test_an_answer_that_belongs_to_no_option_is_refused(tmp_path: Path, answer: str, option: str) -> None:
    result = run_cookiecutter(tmp_path, answer)
    assert result.returncode == 1
    name, _, _ = answer.partition("=")
    assert result.stderr == f"Error: {name} is not an option of this template: did you mean {option}?\n"
    assert list(tmp_path.iterdir()) == []


def test_what_only_looks_like_an_answer_is_not_refused(tmp_path: Path) -> None:
    output = tmp_path / "bsae_image=alpine"
    description = "Say bsae_image=alpine = colour=red."
    result = run_cookiecutter(output, "--accept-hooks=no", f"description={description}", "author=x=y")
    assert result.returncode == 0, result.stderr
    pyproject = (output / "model-service" / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(pyproject)["project"]["description"] == description


def test_an_unknown_option_is_refused_before_the_first_question(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cookiecutter", TEMPLATE, "--default-config", "bsae_image=alpine"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert "did you mean base_image?" in result.stderr
    assert result.stdout == ""


def test_a_project_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "model-service" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("keep me", encoding="utf-8")
    for answers in ([], ["base_image=alpine"]):
        assert run_cookiecutter(tmp_path, *answers).returncode == 1
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
