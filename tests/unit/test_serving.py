"""docs/serving.md and its chart: what was measured, and nothing else."""

import json

import pytest
from serving.figures import CONNECTIONS, Figures, Goal, medians, read_figures
from serving.page import DOCS, make_files
from serving.stacks import CASES, PREDICT_NETWORK, body, strongest


def test_the_page_and_its_chart_are_made_of_what_was_measured() -> None:
    for name, text in make_files(read_figures()).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name}: run `make docs`"


def test_a_goal_is_met_on_its_own_side_of_the_bound() -> None:
    assert [Goal("rate", 2, found, "×", at_least=True).met for found in (1.9, 2, 2.1)] == [False, True, True]
    assert [Goal("p99", 2, found, "ms", at_least=False).met for found in (1.9, 2, 2.1)] == [True, True, False]


def make_figures(*, rates: dict[str, float], health: float = 1) -> Figures:
    return Figures(
        {
            "cells": [
                {
                    "case": case.name,
                    "stack": stack,
                    "connections": each,
                    "rate": rate,
                    "health_p99_ms": health,
                }
                for case in CASES
                for stack, rate in rates.items()
                for each in CONNECTIONS
            ]
        }
    )


def test_goals_compare_with_the_tutorial_in_the_same_run() -> None:
    figures = make_figures(rates={"service": 950, "tutorial": 1000}, health=60)
    assert figures.ratio(PREDICT_NETWORK, 64) == pytest.approx(0.95)
    assert [(goal.bound, goal.found, goal.met) for goal in figures.goals()] == [
        (0.9, 0.95, True),
        (0.9, 0.95, True),
        (1.0, 0.95, False),
        (3.5, 0.95, False),
        (50, 60, False),
    ]


def test_a_run_of_one_case_has_goals_for_this_case_alone() -> None:
    run = make_figures(rates={"service": 4, "tutorial": 1}).run
    cells = [cell for cell in run["cells"] if cell["case"] == PREDICT_NETWORK.name]
    figures = Figures({"cells": cells})
    assert figures.cases == [PREDICT_NETWORK]
    assert [goal.bound for goal in figures.goals()] == [1.0, 3.5]


def test_the_template_before_is_shown_if_it_was_measured() -> None:
    assert make_figures(rates={"tutorial": 1, "before": 1, "service": 1}).stacks == [
        "service",
        "tutorial",
        "before",
    ]


def test_a_median_is_taken_of_each_figure_by_itself() -> None:
    assert medians([{"a": 1, "b": 9}, {"a": 3, "b": 2}, {"a": 2, "b": 4}]) == {"a": 2, "b": 4}


def test_both_apis_are_asked_for_the_same_row() -> None:
    rows = {case.model: [] for case in CASES}
    for case in CASES:
        asked = json.loads(body(case))
        asked = asked.get("image") or asked["inputs"]
        if isinstance(asked[0], dict):
            asked = asked[0]["data"]
        rows[case.model].append(json.dumps(asked).replace("[[[", "[[").replace("]]]", "]]"))
    assert [len(set(each)) for each in rows.values()] == [1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        {"digit": 7, "confidence": 0.5},
        {"outputs": [0.25, 0.5, -1.0]},
        {
            "outputs": [
                {"name": "digit", "datatype": "INT64", "data": [7]},
                {"name": "p", "datatype": "FP32", "data": [0.25, 0.5]},
            ]
        },
    ],
)
def test_answers_of_all_apis_are_compared_by_one_number(answer: dict) -> None:
    assert strongest(answer) == 0.5
