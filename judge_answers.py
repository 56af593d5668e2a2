"""Refuse answers that cannot work before cookiecutter makes a directory, with hooks or without.

cookiecutter ignores a misspelt option, so no hook ever sees it. It loads this Jinja extension before the
first question, and once more before it makes the project's directory, when all answers are known.
"""

import difflib
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import click
from cookiecutter import __version__
from cookiecutter.cli import main as cookiecutter
from cookiecutter.prompt import render_variable
from jinja2 import Environment, pass_environment
from jinja2.ext import Extension

# cookiecutter renders this name with all answers, and then makes the directory, before anything else.
DIRECTORY = "{{cookiecutter.project_slug}}"
BACKSTAGE = "{{cookiecutter and 'contents'}}"  # where its action `fetch:cookiecutter` puts a whole template


class JudgeAnswers(Extension):
    """Ends cookiecutter with one sentence for each answer that cannot work."""

    def __init__(self, environment: Environment) -> None:
        """Judge the command line, and give the directory's name a function that judges all answers."""
        super().__init__(environment)
        environment.globals["settle_answers"] = settle_answers
        template = find_template()
        self.hooks = [path.read_text(encoding="utf-8") for path in (template / "hooks").glob("*.py")]
        self.table = (template / "cookiecutter.json").read_text(encoding="utf-8")
        refuse(find_old_version() or find_unknown_options(read_command_line().get("extra_context") or {}))

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Settle the answers before the directory is made, and take answers literally."""
        if source == DIRECTORY:
            return "{{ settle_answers(cookiecutter) }}" + source
        # cookiecutter would run Jinja in answers that it gets before the questions. What it renders before
        # it loads files is such an answer, or is the template's own: a value of the table or a hook.
        is_own = json.dumps(source, ensure_ascii=False) in self.table or source in self.hooks
        if self.environment.loader is None and not is_own:
            return re.sub(r"{[{%#]", r'{{ "\g<0>" }}', source)
        return source


@pass_environment
def settle_answers(environment: Environment, context: dict) -> str:
    """Refuse answers that cannot become a project; return nothing, which adds nothing to the name."""
    table = read_table()
    context |= read_answers_of_backstage(table)
    given = {name: answer for name, answer in context.items() if not name.startswith("_")}
    problems = find_unknown_options(given, table) + find_wrong_answers(given, table)
    if not problems:
        # A record for a replay holds facts and derived values too. No path and no command is taken from it.
        context |= {name: fact for name, fact in table.items() if name.startswith("_")}
        for name in [name for name in table if name.startswith("__") and name != "__prompts__"]:
            context[name] = render_variable(environment, table[name], context)
        # Not imported, because `cruft update` renders two versions of the template in one process.
        hook = runpy.run_path(str(find_template() / "hooks" / "pre_gen_project.py"))
        problems = hook["find_conflicts"](context)
    line = read_command_line()
    refuse(problems and problems + find_way_back(line, given, problems))
    if line.get("accept_hooks") == "no" and context["package_manager"] == "uv":
        directory = context["project_slug"]
        click.echo(f"No hook ran, so there is no uv.lock: run `make lock` in {directory} first.", err=True)
    return ""


def refuse(problems: list[str]) -> None:
    """End cookiecutter with these sentences, if there are any."""
    if problems:
        raise click.ClickException("\n".join(problems))


def find_template() -> Path:
    """Return the template that is rendered. This module may have been imported from another copy of it."""
    searched_last = Path(sys.path[-1])  # where cookiecutter finds the extensions of a template
    return searched_last if (searched_last / "judge_answers.py").exists() else Path(__file__).parent


def read_table() -> dict:
    """Return the options with their choices, and the facts."""
    return json.loads((find_template() / "cookiecutter.json").read_text(encoding="utf-8"))


def read_answers_of_backstage(table: dict) -> dict:
    """Return the answers that Backstage wrote beside this template; nothing if another program renders."""
    template = find_template()
    if template.name != BACKSTAGE:
        return {}
    merged = json.loads((template.parent / "cookiecutter.json").read_text(encoding="utf-8"))
    return {key: value for key, value in merged.items() if key != "templates" and table.get(key) != value}


def read_command_line() -> dict:
    """Return what cookiecutter's command line says; nothing if another program renders."""
    context = click.get_current_context(silent=True)
    return context.params if context and context.command is cookiecutter else {}


def find_old_version(version: str = __version__) -> list[str]:
    """Return a sentence if cookiecutter is too old for this template."""
    least = read_table()["_tools"]["oldest_cookiecutter"]
    found, needed = ([int(number) for number in re.findall(r"\d+", text)] for text in (version, least))
    sentence = f"This template needs cookiecutter {least} or newer, and this is {version}: upgrade it."
    return [] if found >= needed else [sentence]


def find_unknown_options(answers: dict, table: dict | None = None) -> list[str]:
    """Return a sentence for each answer to an option that does not exist."""
    options = [name for name in table or read_table() if not name.startswith("_")]
    wrong = [name for name in answers if name not in options]
    return [f"{name} is not an option of this template: {suggest(name, options)}" for name in wrong]


def find_wrong_answers(answers: dict, table: dict) -> list[str]:
    """Return a sentence for each answer that is missing, no text, or none of the choices, as in a record."""
    problems = []
    for name, offered in table.items():
        answer = answers.get(name)
        is_right = isinstance(answer, str) and (answer in offered or isinstance(offered, str))
        if not name.startswith("_") and not is_right:
            way = (
                suggest(str(answer), offered) if isinstance(offered, list) else "put a text there, in quotes."
            )
            problems.append(f"{name} cannot be {answer!r}: {way}")
    return problems


def suggest(name: str, names: list[str]) -> str:
    """Name what was probably meant, or else all that there is."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(names)}."


def find_way_back(line: dict, answers: dict, problems: list[str]) -> list[str]:
    """Return the command that keeps the answers that nobody complained about, if they were typed."""
    if not line or line.get("no_input") or line.get("replay") or line.get("replay_file"):
        return []
    # What the sentences name is asked again without a default.
    kept = [f"{name}={answer}" for name, answer in answers.items() if name not in " ".join(problems)]
    given = [argument for argument in sys.argv[1:] if argument.partition("=")[0] not in answers]
    return [f"This asks again and keeps your other answers:\n  {shlex.join(['cookiecutter', *given, *kept])}"]
