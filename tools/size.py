"""How large projects are: `make size` prints what was before the redesign, what is the goal, and what is now.

`tests/render/test_size.py` holds projects to the goals.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from answers import CHOICES, DEFAULTS, EVERYTHING, OPTIONS, SUPPORTED, nearest
from project import TEMPLATE, Answers
from render.renderer import Tree, render_in_memory

LOCKS = {"uv.lock", "poetry.lock", "requirements.txt", "requirements-dev.txt", "tools/poetry.txt"}


def list_files(tree: Tree) -> list[str]:
    """Return the files that a team owns: no lock, no sample model."""
    return [path for path in tree if path not in LOCKS and not path.startswith("models/")]


def list_code(tree: Tree, directory: str) -> list[str]:
    """Return the modules in a directory of a project."""
    return [path for path in tree if path.startswith(directory) and path.endswith(".py")]


def count_lines(tree: Tree, directory: str) -> int:
    """Return the lines of all code in a directory."""
    return sum(tree[path].count(b"\n") for path in list_code(tree, directory))


def count_stages(tree: Tree) -> int:
    """Return the stages of the image but for uv's, which reads the lock."""
    return len(re.findall(rb"(?m)^FROM ", tree["Dockerfile"])) - 1


def count_words(text: str) -> int:
    """Return the words of a page, as `wc -w` counts them."""
    return len(text.split())


@dataclass(frozen=True)
class Measure:
    """What is measured, what it was on 2026-11-29 (0 if not in one file), and the most that it may be."""

    name: str
    was: int
    goal: int
    count: Callable[[Tree], int]


DEFAULT_PROJECT = [
    Measure("files, lock and sample model apart", 174, 56, lambda tree: len(list_files(tree))),
    Measure("source modules", 59, 20, lambda tree: len(list_code(tree, "src/"))),
    Measure("lines of source", 4773, 1500, lambda tree: count_lines(tree, "src/")),
    Measure("lines of tests", 7015, 1500, lambda tree: count_lines(tree, "tests/")),
    Measure("lines of tools", 1134, 200, lambda tree: count_lines(tree, "tools/")),
    Measure("words in the README", 2490, 900, lambda tree: count_words(tree["README.md"].decode())),
    Measure("lines in the Dockerfile", 85, 60, lambda tree: tree["Dockerfile"].count(b"\n")),
    Measure("stages of the image beside uv's", 5, 3, count_stages),
    Measure("lines of the stop", 0, 100, lambda tree: count_lines(tree, "src/service/shutdown.py")),
    Measure("lines of the script that slims", 337, 100, lambda tree: count_lines(tree, "tools/slim.py")),
    Measure("lines of the image report", 797, 150, lambda tree: count_lines(tree, "tools/image_report.py")),
    Measure("lines in AGENTS.md", 0, 60, lambda tree: tree["AGENTS.md"].count(b"\n")),
]
LARGEST_PROJECT = [
    Measure("files, lock and sample model apart", 183, 120, lambda tree: len(list_files(tree))),
    Measure("lines of source", 5215, 3500, lambda tree: count_lines(tree, "src/")),
]

DEPLOYMENT = Measure("files that a deployment adds", 0, 15, lambda tree: len(list_files(tree)))

# There was none before.
LANGUAGE_MODEL_PROJECT = [
    Measure("files, lock and sample model apart", 0, 65, lambda tree: len(list_files(tree))),
    Measure("lines of source", 0, 1700, lambda tree: count_lines(tree, "src/")),
]
LANGUAGE_MODEL = nearest("model_runtime", "llama-cpp")


def find_largest() -> Answers:
    """Return the answers with every capability that make most files and lines of source.

    What a deployment adds is counted apart.
    """
    fixed = EVERYTHING | {option: DEFAULTS[option] for option in ("python_version", "deployment")}
    candidates = [answers for answers in SUPPORTED if fixed.items() <= answers.items()]
    return max(
        candidates, key=lambda answers: sum(each.count(render_in_memory(answers)) for each in LARGEST_PROJECT)
    )


def measure_deployment(deployment: str) -> tuple[str, int, int, int]:
    """Return name, former size, goal and size of what a deployment adds to the default project."""
    (name, was, goal, now), (*_, without) = (
        measure([DEPLOYMENT], DEFAULTS | answers)[0] for answers in ({"deployment": deployment}, {})
    )
    return name, was, goal, now - without


def measure_template() -> list[tuple[str, int, int, int]]:
    """Return name, former size, goal and size of what the template itself is held to."""
    judges = [TEMPLATE / "judge_answers.py", *sorted((TEMPLATE / "hooks").glob("*.py"))]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in judges)
    words = count_words((TEMPLATE / "docs" / "decisions.md").read_text(encoding="utf-8"))
    return [
        ("lines of judge_answers.py and hooks", 469, 350, lines),
        ("words in docs/decisions.md", 6786, 3500, words),
        ("questions", 11, 14, len(OPTIONS)),
    ]


def measure(measures: list[Measure], answers: Answers) -> list[tuple[str, int, int, int]]:
    """Return name, former size, goal and size for each measure of a project."""
    tree = render_in_memory(answers)
    return [(each.name, each.was, each.goal, each.count(tree)) for each in measures]


def write_table(title: str, rows: list[tuple[str, int, int, int]]) -> str:
    """Return the rows below their title, as text in columns."""
    lines = [f"{title:<44}{'was':>7}{'goal':>7}{'now':>7}"]
    lines += [f"  {name:<42}{was:>7,}{goal:>7,}{now:>7,}" for name, was, goal, now in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the tables."""
    sys.stdout.write(write_table("The default project", measure(DEFAULT_PROJECT, DEFAULTS)) + "\n")
    sys.stdout.write(write_table("Every capability", measure(LARGEST_PROJECT, find_largest())) + "\n")
    rows = measure(LANGUAGE_MODEL_PROJECT, LANGUAGE_MODEL)
    sys.stdout.write(write_table("A language model", rows) + "\n")
    for deployment in CHOICES["deployment"][1:]:
        sys.stdout.write(write_table(f"deployment={deployment}", [measure_deployment(deployment)]))
    sys.stdout.write("\n" + write_table("The template", measure_template()))


if __name__ == "__main__":
    main()
