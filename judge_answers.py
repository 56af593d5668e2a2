"""Judge the answers in cookiecutter's own process: with hooks or without, before a file is written.

What cookiecutter ignores, such as `bsae_image=alpine`, no hook gets to see; `--accept-hooks=no` runs none.
A Jinja extension is loaded wherever cookiecutter renders: before the first question, where click tells what
the command line says, and before the project's directory is made, where all answers are known. Where no
command line of cookiecutter's is, as under cruft, the answers are judged all the same.
"""

import difflib
import json
import runpy
import shlex
from pathlib import Path

import click
from cookiecutter.cli import main as cookiecutter
from cookiecutter.prompt import render_variable
from jinja2 import Environment, pass_environment
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
        refuse(find_problems(read_command_line().get("extra_context") or {}, read_table()))

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Have the answers settled when the name of the project's directory is rendered."""
        return "{{ settle_answers(cookiecutter) }}" + source if source == DIRECTORY else source


@pass_environment
def settle_answers(environment: Environment, answers: dict) -> str:
    """Refuse answers that cannot become a project; return nothing that the directory's name could hold."""
    line = read_command_line()
    if line.get("replay") or line.get("replay_file"):
        settle_record(environment, answers, line["template"])
    refuse(find_conflicts(answers))
    if line.get("accept_hooks") == "no":
        tell_of_lock(answers)
    return ""


def settle_record(environment: Environment, record: dict, template: str) -> None:
    """Refuse recorded answers that can no longer be had, and give the others the facts of today.

    cookiecutter replays the facts too. With those of the record's day a project would be neither what the
    template was nor what it is, and a fact that has been added since would be missing.
    """
    table = read_table()
    answers = {name: answer for name, answer in record.items() if not name.startswith("_")}
    problems = find_problems(answers, table)
    refuse(problems and [*problems, explain_replay(answers, table, template)])
    for name, raw in table.items():
        if name.startswith("__") and name != "__prompts__":
            record[name] = render_variable(environment, raw, record)
        elif name.startswith("_"):
            record[name] = raw


def explain_replay(answers: dict, table: dict, template: str) -> str:
    """Say how to answer again, with the answers that can still be had as defaults."""
    kept = [f"{name}={answer}" for name, answer in answers.items() if not find_problem(name, answer, table)]
    return (
        "The record was made by another version of the template: answer again, with all that it still knows: "
        + shlex.join(["cookiecutter", template, *kept])
    )


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


def find_problems(answers: dict, table: dict) -> list[str]:
    """Return one sentence for each answer that the option table does not offer."""
    problems = [find_problem(name, answer, table) for name, answer in answers.items()]
    return [problem for problem in problems if problem]


def find_problem(name: str, answer: str, table: dict) -> str | None:
    """Say why an answer belongs to no option, and to no fact either, or is none of the option's choices."""
    if name not in table:
        options = [option for option in table if not option.startswith("_")]
        return f"{name} is not an option of this template: {suggest(name, options)}"
    choices = table[name]
    if isinstance(choices, list) and answer not in choices:
        # 3.11 is not 3.14 misspelt, so a choice must be nearer than an option.
        return f"{name} cannot be {answer!r}: {suggest(answer, choices, likeness=0.8)}"
    return None


def suggest(name: str, names: list[str], likeness: float = 0.6) -> str:
    """Name what was probably meant, or else all that there is."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=likeness)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(names)}."
