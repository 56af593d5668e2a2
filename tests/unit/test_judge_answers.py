"""The extension that judges: what cannot be had is named, and what was probably meant."""

from datetime import date
from pathlib import Path

import click
import pytest
from answers import CHOICES, OPTIONS, REFUSED, SUPPORTED, TABLE, TEMPLATE, complete
from cookiecutter.cli import main as cookiecutter
from cookiecutter.extensions import SlugifyExtension
from jinja2 import Environment
from pre_gen_project import find_conflicts

from judge_answers import (
    DIRECTORY,
    JudgeAnswers,
    find_jinja,
    find_misspelt,
    find_problems,
    read_command_line,
    read_defaults,
)


@click.command()
@click.argument("extra_context")
def program(extra_context: str) -> None:
    """A program that is not cookiecutter, though its argument has the same name."""


@pytest.mark.parametrize("name", sorted(OPTIONS - CHOICES.keys()))
def test_every_text_may_be_answered(name: str) -> None:
    assert find_problems({name: "x"}, TABLE) == []


@pytest.mark.parametrize("name", sorted(TABLE.keys() - OPTIONS))
def test_no_fact_may_be_answered_nor_what_is_derived(name: str) -> None:
    (sentence,) = find_problems({name: "x"}, TABLE)
    assert sentence.startswith(f"{name} is not an option of this template: ")


def test_every_choice_may_be_answered() -> None:
    for option, choices in CHOICES.items():
        for choice in choices:
            assert find_problems({option: choice}, TABLE) == []


@pytest.mark.parametrize(
    ("option", "answer", "sentence"),
    [
        ("base_image", "alpin", "base_image cannot be 'alpin': did you mean alpine?"),
        ("model_layout", "Flatt", "model_layout cannot be 'Flatt': did you mean flat?"),
        ("python_version", "3.11", "python_version cannot be '3.11': choose from 3.13, 3.12, 3.14."),
    ],
)
def test_what_is_no_choice_is_answered_with_the_choice_or_with_all(
    option: str, answer: str, sentence: str
) -> None:
    assert find_problems({option: answer}, TABLE) == [sentence]


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("bsae_image", "base_image"),
        ("base-image", "base_image"),
        ("BASE_IMAGE", "base_image"),
        ("baseimage", "base_image"),
        ("python", "python_version"),
    ],
)
def test_a_misspelt_option_is_answered_with_the_option(name: str, option: str) -> None:
    assert find_problems({name: "x"}, TABLE) == [
        f"{name} is not an option of this template: did you mean {option}?"
    ]


@pytest.mark.parametrize("name", ["colour", "_x", "", "日本語"])
def test_what_resembles_no_option_is_answered_with_all_of_them(name: str) -> None:
    (sentence,) = find_problems({name: "x"}, TABLE)
    assert sentence == f"{name} is not an option of this template: choose from {', '.join(OPTIONS)}."


@pytest.mark.parametrize(
    ("option", "answer", "sentence"),
    [
        ("python_version", 3.13, "python_version cannot be 3.13: put it in quotes."),
        ("python_version", 3.1, "python_version cannot be 3.1: choose from 3.13, 3.12, 3.14."),
        ("base_image", ["alpine"], "base_image cannot be ['alpine']: choose from slim, alpine, distroless."),
        ("base_image", None, "base_image cannot be None: choose from slim, alpine, distroless."),
        ("author", None, "author cannot be None: put a text there."),
        ("author", ["a", "b"], "author cannot be ['a', 'b']: put a text there."),
        ("author", True, "author cannot be True: put a text there."),
        ("author", {"a": "b"}, "author cannot be {'a': 'b'}: put a text there."),
        ("author", 1.5, "author cannot be 1.5: put it in quotes."),
        ("project_slug", 5, "project_slug cannot be 5: put it in quotes."),
        ("project_slug", date(2020, 1, 1), "project_slug cannot be 2020-01-01: put it in quotes."),
    ],
)
def test_what_yaml_does_not_take_for_a_text_is_refused(option: str, answer: object, sentence: str) -> None:
    assert find_problems({option: answer}, TABLE) == [sentence]


@pytest.mark.parametrize("mark", ["{{", "{%", "{#"])
def test_what_begins_jinja_is_not_taken_for_a_text(mark: str) -> None:
    (sentence,) = find_jinja({"author": "Team", "description": f"Reads {mark} x", "project_name": 5})
    assert sentence == f"description cannot hold {mark}, which begins Jinja: do without."


def test_braces_that_begin_no_jinja_are_text() -> None:
    assert find_jinja({"description": '{"digit": 7} {x} }} %} #} { {', "author": "100 %"}) == []


@pytest.mark.parametrize("key", ["full_name", "email", "package_name", "repo_name", "min_python_version"])
def test_defaults_for_other_templates_are_none_of_our_business(key: str) -> None:
    assert find_misspelt({key: "x"}, TABLE) == []


@pytest.mark.parametrize(("text", "defaults"), [("", {}), ("{1: one}", {"1": "one"})])
def test_defaults_are_read_whatever_yaml_takes_them_for(tmp_path: Path, text: str, defaults: dict) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"default_context: {text}\n", encoding="utf-8")
    assert read_defaults({"config_file": str(config)}) == defaults


def test_every_unknown_option_is_named_at_once() -> None:
    assert len(find_problems({"a": "1", "base_image": "slim", "b": "2"}, TABLE)) == 2


def judging() -> Environment:
    """Jinja as cookiecutter sets it up, with the extension."""
    return Environment(extensions=[SlugifyExtension, JudgeAnswers])  # noqa: S701


def make_directory(answers: dict) -> str:
    """Return the name that a project's directory has with these answers."""
    return judging().from_string(DIRECTORY).render(cookiecutter=complete(answers))


def test_without_a_command_line_there_is_none_to_refuse() -> None:
    assert read_command_line() == {}
    judging()


def test_the_command_line_of_another_program_is_not_judged() -> None:
    with click.Context(program) as context:
        context.params = {"extra_context": {"colour": "red"}}
        judging()


def test_the_command_line_is_judged_when_the_extension_is_loaded() -> None:
    with click.Context(cookiecutter) as context:
        context.params = {"extra_context": {"bsae_image": "alpine"}}
        with pytest.raises(click.ClickException, match="did you mean base_image"):
            judging()


def test_the_directory_that_the_answers_are_settled_for_is_the_projects() -> None:
    assert (TEMPLATE / DIRECTORY).is_dir()


def test_no_directory_is_named_for_answers_that_cannot_work() -> None:
    with pytest.raises(click.ClickException) as refusal:
        make_directory(REFUSED[0])
    assert [refusal.value.message] == find_conflicts(complete(REFUSED[0]))


def test_no_directory_is_named_for_an_answer_that_is_no_text() -> None:
    with pytest.raises(click.ClickException, match=r"author cannot be 1\.5: put it in quotes\."):
        make_directory({"author": 1.5})


def test_what_is_derived_is_not_taken_from_whoever_calls() -> None:
    assert make_directory({"__project_slug": "../evil"}) == "model-service"


def test_settled_answers_add_nothing_to_the_name_of_the_directory() -> None:
    assert make_directory(SUPPORTED[0]) == "model-service"


@pytest.mark.parametrize(
    ("accept_hooks", "manager", "sentence"),
    [
        ("yes", "uv", ""),
        ("no", "pip", ""),
        (
            "no",
            "uv",
            "uv.lock is not made, because no hook may run: "
            "run `make lock` in model-service before the first build.\n",
        ),
    ],
)
def test_a_lock_that_no_hook_makes_is_told_of(
    capsys: pytest.CaptureFixture[str], accept_hooks: str, manager: str, sentence: str
) -> None:
    with click.Context(cookiecutter) as context:
        context.params = {"accept_hooks": accept_hooks}
        make_directory({"package_manager": manager})
    assert capsys.readouterr().err == sentence
