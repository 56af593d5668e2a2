"""The extension that judges: what cannot work is named, and what was probably meant."""

from pathlib import Path

import click
import pytest
from answers import CHOICES, OPTIONS, REFUSED, SUPPORTED, TABLE, TEMPLATE, complete
from cookiecutter.cli import main as cookiecutter
from cookiecutter.extensions import SlugifyExtension
from cookiecutter.main import cookiecutter as render_with_cookiecutter
from jinja2 import Environment
from pre_gen_project import find_conflicts

from judge_answers import (
    DIRECTORY,
    JudgeAnswers,
    find_old_version,
    find_unknown_options,
    find_way_back,
    find_wrong_answers,
    read_command_line,
)


def judging() -> Environment:
    """Jinja as cookiecutter sets it up, with the extension."""
    return Environment(extensions=[SlugifyExtension, JudgeAnswers])  # noqa: S701


def make_directory(answers: dict) -> str:
    """Return the name that a project's directory has with these answers."""
    return judging().from_string(DIRECTORY).render(cookiecutter=complete(answers))


def test_every_option_and_every_choice_may_be_answered() -> None:
    assert find_unknown_options(OPTIONS) == []
    for option, choices in CHOICES.items():
        for choice in choices:
            assert find_wrong_answers(complete({option: choice}), TABLE) == []


@pytest.mark.parametrize("name", sorted(TABLE.keys() - OPTIONS))
def test_a_fact_or_a_derived_value_is_no_option(name: str) -> None:
    (sentence,) = find_unknown_options({name: "x"})
    assert sentence.startswith(f"{name} is not an option of this template: ")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("bsae_image", "base_image"),
        ("base-image", "base_image"),
        ("BASE_IMAGE", "base_image"),
        ("observabilty", "observability"),
    ],
)
def test_a_misspelt_option_is_answered_with_the_option(name: str, option: str) -> None:
    assert find_unknown_options({name: "x"}) == [
        f"{name} is not an option of this template: did you mean {option}?"
    ]


@pytest.mark.parametrize("name", ["colour", "_x", "", "日本語"])
def test_what_resembles_no_option_is_answered_with_all_of_them(name: str) -> None:
    assert find_unknown_options({name: "x"}) == [
        f"{name} is not an option of this template: choose from {', '.join(OPTIONS)}."
    ]


@pytest.mark.parametrize(
    ("option", "answer", "sentence"),
    [
        ("base_image", "alpin", "base_image cannot be 'alpin': did you mean alpine?"),
        (
            "python_version",
            "3.9",
            f"python_version cannot be '3.9': choose from {', '.join(OPTIONS['python_version'])}.",
        ),
        ("base_image", ["alpine"], "base_image cannot be ['alpine']: did you mean alpine?"),
        ("base_image", None, f"base_image cannot be None: choose from {', '.join(OPTIONS['base_image'])}."),
        ("author", 1.5, "author cannot be 1.5: put a text there, in quotes."),
        ("project_slug", None, "project_slug cannot be None: put a text there, in quotes."),
    ],
)
def test_an_answer_that_the_option_does_not_offer_is_refused(
    option: str, answer: object, sentence: str
) -> None:
    assert find_wrong_answers(complete({}) | {option: answer}, TABLE) == [sentence]


@pytest.mark.parametrize("version", ["2.1.1", "1.7.3", "2.2.2"])
def test_a_cookiecutter_that_is_too_old_is_told_the_least_version(version: str) -> None:
    assert find_old_version(version) == [
        f"This template needs cookiecutter {TABLE['_tools']['oldest_cookiecutter']} or newer, "
        f"and this is {version}: upgrade it."
    ]


@pytest.mark.parametrize("version", [TABLE["_tools"]["oldest_cookiecutter"], "2.10.0", "3.0.0rc1"])
def test_a_cookiecutter_that_is_new_enough_passes(version: str) -> None:
    assert find_old_version(version) == []


def test_without_a_command_line_there_is_none_to_refuse() -> None:
    assert read_command_line() == {}
    judging()


def test_the_command_line_of_another_program_is_not_judged() -> None:
    with click.Context(click.Command("program")) as context:
        context.params = {"extra_context": {"colour": "red"}}
        judging()


def test_the_command_line_is_judged_before_the_first_question() -> None:
    with click.Context(cookiecutter) as context:
        context.params = {"extra_context": {"bsae_image": "alpine"}}
        with pytest.raises(click.ClickException, match="did you mean base_image"):
            judging()


def test_the_projects_directory_is_the_one_that_is_watched() -> None:
    assert (TEMPLATE / DIRECTORY).is_dir()


def test_answers_that_work_make_a_directory_of_the_slug() -> None:
    assert make_directory(SUPPORTED[0]) == "model-service"


def test_no_directory_is_named_for_answers_that_cannot_work() -> None:
    with pytest.raises(click.ClickException) as refusal:
        make_directory(REFUSED[0])
    assert [refusal.value.message] == find_conflicts(complete(REFUSED[0]))


def test_facts_and_derived_values_come_from_the_template_and_not_from_a_record() -> None:
    context = complete({}) | {"_tools": {"uv": "evil"}, "__derived": {"sample_directory": "../evil"}}
    judging().from_string(DIRECTORY).render(cookiecutter=context)
    assert context["_tools"] == TABLE["_tools"]
    assert context["__derived"]["sample_directory"] == "models/digits/1"


@pytest.mark.parametrize(
    "text", ["a {# comment #}", "{{ 1/0 }}", "{% raw", "{{{%}}", "{ {{x}} } }}", "100 %"]
)
def test_jinja_in_an_answer_is_taken_literally(text: str) -> None:
    assert judging().from_string(text).render() == text


def test_jinja_of_the_template_runs() -> None:
    default = TABLE["project_slug"]
    assert judging().from_string(default).render(cookiecutter={"project_name": "A Name"}) == "a-name"


LINE = {"no_input": False, "replay": None, "replay_file": None}


def test_a_refusal_after_questions_keeps_the_other_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["cookiecutter", "-o", "out", "gh:org/template", "base_image=slim"])
    answers = {"base_image": "alpine", "author": "José & Co", "model_runtime": "onnxruntime"}
    (sentence,) = find_way_back(LINE, answers, find_conflicts(complete(answers)))
    assert sentence.splitlines()[1] == "  cookiecutter -o out gh:org/template 'author=José & Co'"


@pytest.mark.parametrize("line", [{}, LINE | {"no_input": True}, LINE | {"replay": True}])
def test_a_refusal_without_questions_is_one_sentence(line: dict) -> None:
    assert find_way_back(line, {"author": "x"}, ["Something is wrong."]) == []


@pytest.mark.parametrize(
    ("accept_hooks", "manager", "told"), [("yes", "uv", False), ("no", "pip", False), ("no", "uv", True)]
)
def test_a_lock_that_no_hook_makes_is_told_of(
    capsys: pytest.CaptureFixture[str], accept_hooks: str, manager: str, told: bool
) -> None:
    with click.Context(cookiecutter) as context:
        context.params = {"accept_hooks": accept_hooks}
        make_directory({"package_manager": manager})
    assert ("run `make lock` in model-service" in capsys.readouterr().err) == told


def test_a_program_is_told_as_well(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="use 1 to 63 lower-case letters"):
        render_with_cookiecutter(
            str(TEMPLATE),
            no_input=True,
            extra_context={"project_slug": "../evil"},
            output_dir=str(tmp_path / "output"),
            default_config=True,
        )
    assert list(tmp_path.iterdir()) == []
