"""Projects stay as small as docs/decisions.md promises; `make size` prints what counts."""

import pytest
from answers import CHOICES, DEFAULTS
from size import (
    DEFAULT_PROJECT,
    LANGUAGE_MODEL,
    LANGUAGE_MODEL_PROJECT,
    LARGEST_PROJECT,
    Measure,
    find_largest,
    measure,
    measure_deployment,
    measure_template,
    write_table,
)


@pytest.mark.parametrize("each", DEFAULT_PROJECT, ids=lambda each: each.name)
def test_the_default_project_is_within_its_goals(each: Measure) -> None:
    ((name, _, goal, now),) = measure([each], DEFAULTS)
    assert now <= goal, f"{now} {name}"


def test_the_largest_project_is_within_its_goals() -> None:
    for name, _, goal, now in measure(LARGEST_PROJECT, find_largest()):
        assert now <= goal, f"{now} {name}"


def test_a_project_with_a_language_model_is_within_its_goals() -> None:
    for name, _, goal, now in measure(LANGUAGE_MODEL_PROJECT, LANGUAGE_MODEL):
        assert now <= goal, f"{now} {name}"


@pytest.mark.parametrize("deployment", CHOICES["deployment"][1:])
def test_what_a_deployment_adds_is_within_its_goals(deployment: str) -> None:
    name, _, goal, now = measure_deployment(deployment)
    assert 0 < now <= goal, f"{now} {name}"


@pytest.mark.parametrize("row", measure_template(), ids=lambda row: row[0])
def test_the_template_is_within_its_goals(row: tuple[str, int, int, int]) -> None:
    name, _, goal, now = row
    assert now <= goal, f"{now} {name}"


def test_what_is_counted_leaves_out_locks_and_models() -> None:
    tree = {"a.py": b"1\n2\n", "src/b.py": b"1\n", "poetry.lock": b"", "models/digits/1/model.onnx": b""}
    counts = {each.name: each.count(tree) for each in LARGEST_PROJECT}
    assert counts == {"files, lock and sample model apart": 2, "lines of source": 1}


def test_the_table_says_was_goal_and_now() -> None:
    assert write_table("Title", [("lines", 4773, 1500, 1499)]).split() == [
        *("Title", "was", "goal", "now"),
        *("lines", "4,773", "1,500", "1,499"),
    ]
