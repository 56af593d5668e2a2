"""Judge the answers in cookiecutter's own process: with hooks or without, before a file is written.

What cookiecutter ignores, such as `bsae_image=alpine`, no hook gets to see; `--accept-hooks=no` runs none.
A Jinja extension is loaded wherever cookiecutter renders: before the first question, where click tells what
the command line says, and before the project's directory is made, where all answers are known. Where no
command line of cookiecutter's is, as under cruft, the answers are judged all the same.
"""

import difflib
import json
import runpy
from pathlib import Path

import click
from cookiecutter.cli import main as cookiecutter
from jinja2 import Environment
from jinja2.ext import Extension

TEMPLATE = Path(__file__).parent
# cookiecutter renders this name with all answers, and then makes the directory, before anything else.
DIRECTORY = "{{cookiecutter.__project_slug}}"


class JudgeAnswers(Extension):
    """Ends cookiecutter with one sentence for each answer that cannot be had."""

    def __init__(self, environment: Environment) -> None:
        """Judge the command line, and offer the name of the directory to judge all answers."""
        super().__init__(environment)
        environment.globals["settle_answers"] = settle_answers
        refuse(find_unknown(read_command_line().get("extra_context") or {}, read_table()))

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Have the answers settled when the name of the project's directory is rendered."""
        return "{{ settle_answers(cookiecutter) }}" + source if source == DIRECTORY else source


def settle_answers(answers: dict) -> str:
    """Refuse answers that cannot become a project; what is returned is no part of the directory's name."""
    refuse(find_conflicts(answers))
    if read_command_line().get("accept_hooks") == "no":
        tell_of_lock(answers)
    return ""


def refuse(problems: list[str]) -> None:
    """End cookiecutter with these sentences, if there are any."""
    if problems:
        raise click.ClickException("\n".join(problems))


def read_table() -> dict:
    """Return the option table, with the facts."""
    return json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))


def read_command_line() -> dict:
    """Return what cookiecutter's command line says; nothing if it was not started by one."""
    context = click.get_current_context(silent=True)
    return context.params if context and context.command is cookiecutter else {}


def find_conflicts(answers: dict) -> list[str]:
    """Ask the hook, which is the judge of answers that do not work together.

    It is read and not imported: `cruft update` renders two versions of the template in one process, and an
    import would have the older judge the newer.
    """
    return runpy.run_path(str(TEMPLATE / "hooks" / "pre_gen_project.py"))["find_conflicts"](answers)


def tell_of_lock(answers: dict) -> None:
    """Say that the project has no lock yet, if the hook would have made it that was not allowed to run."""
    manager = answers["_package_managers"][answers["package_manager"]]
    if manager["lock_command"]:
        click.echo(
            f"{manager['lock_file']} is not made, because no hook may run: run `make lock` in "
            f"{answers['project_slug']} before the first build.",
            err=True,
        )


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
