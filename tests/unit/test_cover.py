"""How the tests choose answers where every combination would take too long."""

import itertools
import os
import subprocess
import sys
from operator import itemgetter

import answers
import pytest
from answers import DEFAULTS, SUPPORTED, Answers, complete, cover
from pre_gen_project import find_conflicts


def all_groups(rows: list[Answers], size: int = 2) -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Return every group of choices that some of these answers hold, by so many options."""
    return {
        options: set(map(itemgetter(*options), rows))
        for options in itertools.combinations(answers.CHOICES, size)
    }


@pytest.fixture(scope="module", params=[2, 3])
def size(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module")
def rows(size: int) -> list[Answers]:
    return cover(size)


def test_every_group_of_choices_that_can_be_had_together_is_covered(rows: list[Answers], size: int) -> None:
    assert all_groups(rows, size) == all_groups(SUPPORTED, size)


def test_only_answers_that_work_together_cover(rows: list[Answers]) -> None:
    assert [conflict for row in rows for conflict in find_conflicts(complete(row))] == []


def test_the_defaults_come_first_and_nothing_comes_twice(rows: list[Answers]) -> None:
    assert rows[0] == DEFAULTS
    assert len({tuple(row.items()) for row in rows}) == len(rows)


def test_options_that_are_given_have_only_those_choices() -> None:
    limits = {"python_version": ["3.12"], "package_manager": ["pip", "uv"]}
    rows = cover(**limits)
    possible = [row for row in SUPPORTED if all(row[option] in limits[option] for option in limits)]
    assert all(row in possible for row in rows)
    assert all_groups(rows) == all_groups(possible)


@pytest.fixture
def many_options(monkeypatch: pytest.MonkeyPatch) -> list[Answers]:
    """Six options, with conflicts of two and of three choices; the supported answers."""
    choices = {"a": "123", "b": "123", "c": "123", "d": "123", "e": "12345", "f": "123"}
    conflicts = [{"a": "2", "e": "1"}, {"a": "2", "e": "3"}, {"b": "2", "c": "2", "d": "2"}]
    every = [dict(zip(choices, row, strict=True)) for row in itertools.product(*choices.values())]
    supported = [row for row in every if not any(bad.items() <= row.items() for bad in conflicts)]
    monkeypatch.setattr(answers, "CHOICES", choices)
    monkeypatch.setattr(answers, "DEFAULTS", every[0])
    monkeypatch.setattr(answers, "SUPPORTED", supported)
    return supported


def test_many_options_take_few_answers(many_options: list[Answers]) -> None:
    rows = cover()
    assert all_groups(rows) == all_groups(many_options)
    assert all(row in many_options for row in rows)
    # No fewer than 15 can hold every pair of two options with five and three choices.
    assert len(rows) <= 18


def test_the_same_answers_are_chosen_in_every_process() -> None:
    command = [sys.executable, "-c", "from answers import cover; print(cover())"]
    # Sets have another order there than here.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"}
    other = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert other.stdout == f"{cover()}\n", other.stderr
