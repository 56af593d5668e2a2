"""Projects that hold every three choices that can be had together, and each different file of theirs once."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from answers import Answers, cover
from project import render
from render.renderer import Tree, render_in_memory

Render = Callable[[Answers], Path]
Trees = list[tuple[Answers, Tree]]
# Each different file of all projects, by path and content, with the first answers that make it.
Files = dict[tuple[str, bytes], Answers]


@pytest.fixture(scope="session")
def trees() -> Trees:
    """Return some eighty projects in memory; all combinations would be thousands."""
    return [(answers, render_in_memory(answers)) for answers in cover(3)]


@pytest.fixture(scope="session")
def files(trees: Trees) -> Files:
    """Return every different file of these projects."""
    different: Files = {}
    for answers, tree in trees:
        for file in tree.items():
            different.setdefault(file, answers)
    return different


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render answers as cookiecutter does, without hooks, each combination once."""

    @cache
    def render_once(answers: frozenset[tuple[str, str]]) -> Path:
        directory = tmp_path_factory.mktemp("rendered")
        return render(dict(answers), directory, hooks=False)

    return lambda answers: render_once(frozenset(answers.items()))
