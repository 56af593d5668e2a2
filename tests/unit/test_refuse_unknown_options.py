"""The extension that refuses: an answer that belongs to no option is named, with what was probably meant."""

import click
import pytest
from answers import OPTIONS, TABLE
from jinja2 import Environment

from refuse_unknown_options import RefuseUnknownOptions, find_unknown, read_command_line


@click.command()
@click.argument("extra_context")
def program(extra_context: str) -> None:
    """A program that is not cookiecutter, though its argument has the same name."""


@pytest.mark.parametrize("name", [*OPTIONS, "_exclude_newer", "__derived"])
def test_every_option_and_every_fact_may_be_answered(name: str) -> None:
    assert find_unknown({name: "x"}, TABLE) == []


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
    assert find_unknown({name: "x"}, TABLE) == [
        f"{name} is not an option of this template: did you mean {option}?"
    ]


@pytest.mark.parametrize("name", ["colour", "_x", "", "日本語"])
def test_what_resembles_no_option_is_answered_with_all_of_them(name: str) -> None:
    (sentence,) = find_unknown({name: "x"}, TABLE)
    assert sentence == f"{name} is not an option of this template: choose from {', '.join(OPTIONS)}."


def test_every_unknown_option_is_named_at_once() -> None:
    assert len(find_unknown({"a": "1", "base_image": "slim", "b": "2"}, TABLE)) == 2


def test_without_a_command_line_there_is_nothing_to_refuse() -> None:
    assert read_command_line() == {}
    RefuseUnknownOptions(Environment())  # noqa: S701


def test_the_command_line_of_another_program_is_not_judged() -> None:
    with click.Context(program) as context:
        context.params = {"extra_context": '{"colour": "red"}'}
        assert read_command_line() == {}


def test_the_command_line_is_judged_when_the_extension_is_loaded() -> None:
    with click.Context(program) as context:
        context.params = {"extra_context": {"bsae_image": "alpine"}}
        with pytest.raises(click.ClickException, match="did you mean base_image"):
            RefuseUnknownOptions(Environment())  # noqa: S701
