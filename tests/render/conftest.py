"""Every supported combination of answers, rendered once and in this process."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from answers import Answers
from project import render

Render = Callable[[Answers], Path]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render answers without hooks, each combination once."""

    @cache
    def render_once(answers: frozenset[tuple[str, str]]) -> Path:
        directory = tmp_path_factory.mktemp("rendered")
        return render(dict(answers), directory, hooks=False)

    return lambda answers: render_once(frozenset(answers.items()))
