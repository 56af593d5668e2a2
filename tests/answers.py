"""The option table as the tests see it: every combination of answers, and which of them work."""

import itertools
import json
import math
from pathlib import Path

from pre_gen_project import find_conflicts

TEMPLATE = Path(__file__).parents[1]
TABLE = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = TABLE["__prompts__"]

OPTIONS = {name: default for name, default in TABLE.items() if not name.startswith("_")}
CHOICES = {name: choices for name, choices in OPTIONS.items() if isinstance(choices, list)}
DEFAULTS = {name: choices[0] for name, choices in CHOICES.items()}
FACTS = {name: facts for name, facts in TABLE.items() if name.startswith("_") and not name.startswith("__")}

Answers = dict[str, str]
Pairs = set[tuple[tuple[str, str], tuple[str, str]]]


def complete(answers: Answers) -> dict:
    """Return the context that the hook would see for these answers."""
    texts = {"project_name": "Digit Reader", "project_slug": "digit-reader"}
    texts |= {"description": "Reads digits.", "author": "Team"}
    return FACTS | texts | DEFAULTS | answers


def is_supported(answers: Answers) -> bool:
    """Whether these answers can become a project."""
    return not find_conflicts(complete(answers))


ALL = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]
SUPPORTED = [answers for answers in ALL if is_supported(answers)]
REFUSED = [answers for answers in ALL if not is_supported(answers)]


def nearest(option: str, choice: str) -> Answers:
    """Return the supported answers with this choice that differ least from the defaults."""
    candidates = [answers for answers in SUPPORTED if answers[option] == choice]
    return min(candidates, key=lambda answers: sum(answers[name] != DEFAULTS[name] for name in answers))


# The default and, for each other choice, the answers that differ from it in as little as possible.
ONE_EACH = [DEFAULTS] + [
    nearest(option, choice) for option, choices in CHOICES.items() for choice in choices[1:]
]


def name(answers: Answers) -> str:
    """Name answers by what differs from the defaults, in the form that cookiecutter's command line takes."""
    changed = [f"{option}={value}" for option, value in answers.items() if DEFAULTS.get(option) != value]
    return " ".join(changed) or "defaults"


def pairs(answers: Answers) -> Pairs:
    """Return every pair of choices that these answers hold."""
    return set(itertools.combinations(answers.items(), 2))


def cover(*options: str) -> list[Answers]:
    """Return few supported answers that hold every pair of choices that can be had together.

    The options that are not named keep their defaults; with none named, all vary. The first answers are the
    defaults, and the same options give the same answers on every day and machine.
    """
    fixed = CHOICES.keys() - options if options else set()
    rows = [row for row in SUPPORTED if all(row[option] == DEFAULTS[option] for option in fixed)]
    # Which of equally good answers comes first decides how many it takes in the end: try several orders.
    starts = range(0, len(rows), math.ceil(len(rows) / 20))
    return min((cover_greedily(rows[start:] + rows[:start]) for start in starts), key=len)


def cover_greedily(rows: list[Answers]) -> list[Answers]:
    """Return the defaults and then, again and again, the answers that hold most of the missing pairs."""
    held = [(row, pairs(row)) for row in rows]
    missing = set().union(*(found for _, found in held)) - pairs(DEFAULTS)
    chosen = [DEFAULTS]
    while missing:
        row, found = max(held, key=lambda candidate: len(candidate[1] & missing))
        chosen.append(row)
        missing -= found
    return chosen
