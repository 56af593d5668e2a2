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
from datetime import date
from functools import cache
from pathlib import Path

import click
from cookiecutter.cli import main as cookiecutter
from cookiecutter.config import get_user_config
from cookiecutter.prompt import render_variable
from cookiecutter.replay import load
from jinja2 import Environment, pass_environment
from jinja2.ext import Extension

TEMPLATE = Path(__file__).parent
# cookiecutter renders this name with all answers, and then makes the directory, before anything else.
DIRECTORY = "{{cookiecutter.__project_slug}}"
# How alike two words are, from 0 to 1, if one may be meant by the other, and if it hardly is another word:
# Python 3.1 is not 3.13 misspelt, and `min_python_version` is another template's.
MEANT, MISSPELT = 0.6, 0.88
# What Jinja takes for a beginning of its own.
JINJA = ("{{", "{%", "{#")
DEFAULTS = "the default_context of your configuration"
WAY_OUT = "Put it right there, or leave the configuration out with --default-config."


class JudgeAnswers(Extension):
    """Ends cookiecutter with one sentence for each answer that cannot be had."""

    def __init__(self, environment: Environment) -> None:
        """Judge the command line, and offer the name of the directory to judge all answers."""
        super().__init__(environment)
        environment.globals["settle_answers"] = settle_answers
        line, table = read_command_line(), read_table()
        answers = line.get("extra_context") or {}
        refuse(find_problems(answers, table) + find_jinja(answers))
        if is_replay(line):
            judge_record(read_record(line), table, line["template"])
        elif line:
            judge_defaults(read_defaults(line), table)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Have the answers settled when the name of the project's directory is rendered."""
        return "{{ settle_answers(cookiecutter) }}" + source if source == DIRECTORY else source


@pass_environment
def settle_answers(environment: Environment, answers: dict) -> str:
    """Refuse answers that cannot become a project; return nothing that the directory's name could hold."""
    # A program may render another template than the one that this module was loaded from.
    line, table = read_command_line(), read_table(Path(answers.get("_repo_dir", TEMPLATE)))
    given = select_answers(answers)
    problems = find_problems(given, table)
    if is_replay(line):
        refuse(problems and [*problems, explain_replay(given, table, line["template"])])
        take_facts(answers, table)
    refuse(problems)
    derive(environment, answers, table)
    refuse(find_conflicts(answers))
    if line.get("accept_hooks") == "no":
        tell_of_lock(answers)
    return ""


def select_answers(context: dict) -> dict:
    """Return what was answered to the options, without the facts and what is derived."""
    return {name: answer for name, answer in context.items() if not name.startswith("_")}


def take_facts(record: dict, table: dict) -> None:
    """Give recorded answers the facts of today.

    cookiecutter replays the facts too. With those of the record's day a project would be neither what the
    template was nor what it is, and a fact that has been added since would be missing.
    """
    record |= {name: raw for name, raw in table.items() if name.startswith("_") and not is_derived(name)}


def derive(environment: Environment, answers: dict, table: dict) -> None:
    """Derive from the answers what names directories and files, whatever a program or a record gave for it.

    A path that was given could lead out of the directory that the project is to be made in.
    """
    for name, raw in table.items():
        if is_derived(name):
            answers[name] = render_variable(environment, raw, answers)


def is_derived(name: str) -> bool:
    """Whether cookiecutter renders what stands below a private name, instead of taking it as it is."""
    return name.startswith("__") and name != "__prompts__"


def judge_record(record: dict, table: dict, template: str) -> None:
    """Refuse a record without what is derived: cookiecutter would derive it from no answers, and fail.

    One that names the extension and lacks what is derived is not seen in time, because cookiecutter then asks
    without the extension.
    """
    lacking = [name for name in table if is_derived(name) and name not in record]
    problems = [f"The record has no {', '.join(lacking)}."] if lacking else []
    refuse(problems and [*problems, explain_replay(select_answers(record), table, template)])


def explain_replay(answers: dict, table: dict, template: str) -> str:
    """Say how to answer again, with the answers that can still be had as defaults."""
    kept = [
        f"{name}={answer}"
        for name, answer in answers.items()
        if not (find_problem(name, answer, table) or find_jinja({name: answer}))
    ]
    return (
        "The record was made by another version of the template: answer again, with all that it still knows: "
        + shlex.join(["cookiecutter", template, *kept])
    )


def refuse(problems: list[str]) -> None:
    """End cookiecutter with these sentences, if there are any."""
    if problems:
        raise click.ClickException("\n".join(problems))


def read_table(template: Path = TEMPLATE) -> dict:
    """Return the option table of a template, with the facts."""
    return json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))


def read_command_line() -> dict:
    """Return what cookiecutter's command line says; nothing if it was not started by one."""
    context = click.get_current_context(silent=True)
    return context.params if context and context.command is cookiecutter else {}


def is_replay(line: dict) -> bool:
    """Whether a command line asks for recorded answers."""
    return bool(line.get("replay") or line.get("replay_file"))


def read_configuration(line: dict) -> dict:
    """Return the user's configuration, as cookiecutter reads it."""
    return get_user_config(line.get("config_file"), line.get("default_config", False))


def read_record(line: dict) -> dict:
    """Return what cookiecutter is to replay."""
    if line.get("replay_file"):
        path = Path(line["replay_file"]).with_suffix("")
    else:
        path = Path(read_configuration(line)["replay_dir"], TEMPLATE.name)
    return load(path.parent, path.name)["cookiecutter"]


def read_defaults(line: dict) -> dict:
    """Return the answers that stand in the user's configuration, for all templates of theirs."""
    configuration = read_configuration(line)
    # A key of YAML may be a number, and what stands below a key may be nothing.
    return {str(name): answer for name, answer in (configuration["default_context"] or {}).items()}


def judge_defaults(defaults: dict, table: dict) -> None:
    """Refuse defaults that cannot be had, and warn of those that may be misspelt.

    cookiecutter warns of a default that is no choice, drops it with every default after it, and goes on to
    make what nobody asked for. A key that is no option may be another template's, and is no reason to refuse.
    """
    for sentence in find_misspelt(defaults, table):
        warn(sentence)
    known = {name: answer for name, answer in defaults.items() if name in table}
    problems = [f"In {DEFAULTS}, {problem}" for problem in find_problems(known, table) + find_jinja(known)]
    refuse(problems and [*problems, WAY_OUT])


def find_misspelt(defaults: dict, table: dict) -> list[str]:
    """Return one sentence for each default that can hardly be meant for anything but an option of ours."""
    near = {name: find_near(name, find_options(table), MISSPELT) for name in defaults if name not in table}
    return [
        f"{name} in {DEFAULTS} is not an option of this template: did you mean {option}?"
        for name, option in near.items()
        if option
    ]


@cache
def warn(sentence: str) -> None:
    """Warn once, however often cookiecutter loads the extension."""
    click.echo(f"Warning: {sentence}", err=True)


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


def find_problem(name: str, answer: object, table: dict) -> str | None:
    """Say why an answer belongs to no option, or is none that the option can have.

    Facts, and what is derived, are the template's own, and nobody's to answer.
    """
    options = find_options(table)
    if name not in options:
        return f"{name} is not an option of this template: {suggest(name, options, MEANT)}"
    way = find_way(answer, table[name])
    return way and f"{name} cannot be {repr(answer) if isinstance(answer, str) else answer}: {way}"


def find_jinja(answers: dict) -> list[str]:
    """Return one sentence for each text that cookiecutter would run as Jinja.

    It does so with answers that are given before the questions, not with those that are typed or recorded,
    and where the Jinja is wrong it ends in a traceback or a dump.
    """
    marks = {
        name: next((mark for mark in JINJA if mark in text), None)
        for name, text in answers.items()
        if isinstance(text, str)
    }
    return [
        f"{name} cannot hold {mark}, which begins Jinja: do without." for name, mark in marks.items() if mark
    ]


def find_way(answer: object, offered: list[str] | str) -> str | None:
    """Say what to answer instead, if an answer is none of the choices, or no text where a text is asked for.

    On the command line every answer is a text, in YAML and in a record some are not.
    """
    if isinstance(offered, str):
        return find_way_to_text(answer)
    if answer in offered:
        return None
    if str(answer) in offered:
        return "put it in quotes."
    return suggest(str(answer), offered, MISSPELT)


def find_way_to_text(answer: object) -> str | None:
    """Say how to make a text of an answer: a number or a date of YAML may be one that lacks its quotes."""
    if isinstance(answer, str):
        return None
    quoted = isinstance(answer, int | float | date) and not isinstance(answer, bool)
    return "put it in quotes." if quoted else "put a text there."


def find_options(table: dict) -> list[str]:
    """Return the names of the options."""
    return [name for name in table if not name.startswith("_")]


def suggest(name: str, names: list[str], likeness: float) -> str:
    """Name what was probably meant, or else all that there is."""
    near = find_near(name, names, likeness)
    return f"did you mean {near}?" if near else f"choose from {', '.join(names)}."


def find_near(name: str, names: list[str], likeness: float) -> str | None:
    """Return what was probably meant; how alike the two must be depends on who asks."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=likeness)
    return near[0] if near else None
