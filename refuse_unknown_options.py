"""Refuse `bsae_image=alpine` on the command line, which cookiecutter would ignore without a word.

What cookiecutter ignores, no hook gets to see: it is in no context. A Jinja extension is loaded in
cookiecutter's own process before the first question, so here the command line can be asked for, as click has
parsed it. Where no command line of cookiecutter's is, as under cruft, there is nothing to refuse.
"""

import difflib
import json
from pathlib import Path

import click
from jinja2 import Environment
from jinja2.ext import Extension


class RefuseUnknownOptions(Extension):
    """Ends cookiecutter with one sentence for each answer that belongs to no option."""

    def __init__(self, environment: Environment) -> None:
        """Judge the command line; for Jinja there is nothing to extend."""
        super().__init__(environment)
        table = Path(__file__).with_name("cookiecutter.json").read_text(encoding="utf-8")
        problems = find_unknown(read_command_line(), json.loads(table))
        if problems:
            raise click.ClickException("\n".join(problems))


def read_command_line() -> dict[str, str]:
    """Return the answers on cookiecutter's command line; none if it was not started by one."""
    context = click.get_current_context(silent=True)
    answers = context.params.get("extra_context") if context else None
    return answers if isinstance(answers, dict) else {}


def find_unknown(answers: dict[str, str], table: dict) -> list[str]:
    """Return one sentence for each answer that belongs to no option, and to no fact either."""
    options = [name for name in table if not name.startswith("_")]
    return [
        f"{name} is not an option of this template: {suggest(name, options)}"
        for name in answers
        if name not in table
    ]


def suggest(name: str, options: list[str]) -> str:
    """Name the option that was probably meant, or else all of them."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), options, n=1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(options)}."
