"""The option table as tests and benchmarks see it: the combinations of answers, and which of them work."""

import itertools
import json

from covertable import make
from pre_gen_project import find_conflicts
from project import TEMPLATE, Answers

TABLE = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = TABLE["__prompts__"]

OPTIONS = {name: default for name, default in TABLE.items() if not name.startswith("_")}
CHOICES = {name: choices for name, choices in OPTIONS.items() if isinstance(choices, list)}
DEFAULTS = {name: choices[0] for name, choices in CHOICES.items()}
FACTS = {name: facts for name, facts in TABLE.items() if name.startswith("_") and not name.startswith("__")}
# Every capability at once.
EVERYTHING = {"api": "open-inference", "model_updates": "live", "observability": "all"}


def complete(answers: Answers) -> dict:
    """Return the context that the hook would see for these answers."""
    texts = {"project_name": "Model Service", "project_slug": "model-service"}
    texts |= {"description": "Reads digits.", "author": "Team"}
    return FACTS | texts | DEFAULTS | answers


def is_supported(answers: Answers) -> bool:
    """Whether these answers can become a project."""
    return not find_conflicts(complete(answers))


ALL = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]
SUPPORTED: list[Answers] = []
REFUSED: list[Answers] = []
for _answers in ALL:
    (SUPPORTED if is_supported(_answers) else REFUSED).append(_answers)


def nearest(option: str, choice: str) -> Answers:
    """Return the supported answers with this choice that differ least from the defaults."""
    candidates = [answers for answers in SUPPORTED if answers[option] == choice]
    return min(candidates, key=lambda answers: sum(answers[name] != DEFAULTS[name] for name in answers))


def most(runtime: str) -> Answers:
    """Return the answers with this model runtime and as many capabilities as it goes together with."""
    candidates = [answers for answers in SUPPORTED if answers["model_runtime"] == runtime]
    return max(candidates, key=lambda answers: sum(answers[name] == EVERYTHING[name] for name in EVERYTHING))


# The defaults and, for each other choice, the answers that differ from them in as little as possible.
ONE_EACH = [DEFAULTS] + [
    nearest(option, choice) for option, choices in CHOICES.items() for choice in choices[1:]
]

# One runtime of each sample model, the first that has it.
SAMPLES = {
    entry["sample"]: DEFAULTS | {"model_runtime": runtime}
    for runtime, entry in reversed(FACTS["_model_runtimes"].items())
}


def name(answers: Answers) -> str:
    """Name answers by what differs from the defaults, in the form that cookiecutter's command line takes."""
    changed = [f"{option}={value}" for option, value in answers.items() if DEFAULTS.get(option) != value]
    return " ".join(changed) or "defaults"


def cover(size: int = 2, **limits: list[str]) -> list[Answers]:
    """Return few supported answers that hold every group of so many choices that can be had together.

    Options that are given have only those choices. The first choice of each option comes first, and the same
    options give the same answers on every day and machine.
    """
    factors = CHOICES | limits
    # A conflict of the whole is seen late: conflicts of two choices save many dead ends.
    together = [*itertools.combinations(factors, 2), tuple(factors)]
    constraints = [had_together(*options) for options in together]
    rows = make(
        factors,
        strength=size,
        presets=[{option: choices[0] for option, choices in factors.items()}],
        constraints=[constraint for constraint in constraints if constraint],
        tolerance=1,
    )
    return [{option: row[option] for option in factors} for row in rows]


def had_together(*options: str) -> dict | None:
    """Return the constraint that some supported answers give these options their choices, if it is one."""
    combinations = {tuple(row[option] for option in options) for row in SUPPORTED}
    if len(combinations) == len(list(itertools.product(*(CHOICES[option] for option in options)))):
        return None
    return {
        "operator": "fn",
        "requires": list(options),
        "evaluate": lambda row: tuple(row[option] for option in options) in combinations,
    }
