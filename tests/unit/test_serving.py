"""docs/serving.md and its charts: what was measured, and nothing else."""

import pytest
from serving.figures import Figures, Goal, medians, read_figures
from serving.page import DOCS, make_files
from serving.stacks import MODELS, STACKS, TEMPLATE, TUTORIAL


def test_the_page_and_its_charts_are_made_of_what_was_measured() -> None:
    for name, text in make_files(read_figures()).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name}: run `make docs`"


def test_a_goal_is_met_on_its_own_side_of_the_bound() -> None:
    assert [Goal("rate", 2, found, "×", at_least=True).met for found in (1.9, 2, 2.1)] == [False, True, True]
    assert [Goal("p99", 2, found, "ms", at_least=False).met for found in (1.9, 2, 2.1)] == [True, True, False]


def test_goals_compare_with_the_tutorial_in_the_same_run() -> None:
    run = {
        "cells": [
            {
                "model": model,
                "stack": stack,
                "connections": connections,
                "rate": rate,
                "health_p99_ms": health,
            }
            for model in MODELS
            for stack, rate in (("template", 900), ("tutorial", 300))
            for connections, health in ((1, 1), (64, 30), (256, 20))
        ],
        "processes": [
            {"model": model, "stack": stack, "memory": memory}
            for model in MODELS
            for stack, memory in (("template", 110), ("tutorial", 100))
        ],
    }
    figures = Figures(run)
    assert figures.ratio("tiny", TUTORIAL, 64) == pytest.approx(3)
    assert [(goal.found, goal.met) for goal in figures.goals()] == [
        (pytest.approx(3), True),
        (pytest.approx(3), True),
        (30, False),
        (20, True),
        (pytest.approx(1.1), True),
        (pytest.approx(3), True),
        (pytest.approx(3), False),
        (30, False),
        (20, True),
        (pytest.approx(1.1), True),
    ]


def test_a_median_is_taken_of_each_figure_by_itself() -> None:
    assert medians([{"a": 1, "b": 9}, {"a": 3, "b": 2}, {"a": 2, "b": 4}]) == {"a": 2, "b": 4}


@pytest.mark.parametrize("model", MODELS)
def test_every_stack_is_asked_for_the_same_row(model: str) -> None:
    data = {
        stack.request(model).partition(b"\r\n\r\n")[2].partition(b"[0.")[2].rstrip(b"]}") for stack in STACKS
    }
    assert len(data) == 1
    assert data.pop().count(b",") == int(MODELS[model].split("-")[0]) - 1
    assert f"/v2/models/{model}/infer".encode() in TEMPLATE.request(model)
