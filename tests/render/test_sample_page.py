"""docs/sample.md and the README show what is rendered today."""

import re

import pytest
from answers import CHOICES, DEFAULTS, FACTS, TEMPLATE, complete
from pre_gen_project import find_conflicts
from render.renderer import render_in_memory
from sample_page import PAGE, draw_tree, make_page

README = (TEMPLATE / "README.md").read_text(encoding="utf-8")


def test_the_page_shows_the_default_project_as_it_is_rendered() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), "run `make docs`"


def test_a_tree_shows_each_directory_once_before_the_files_beside_it() -> None:
    tree = {"b": b"", "a/y": b"", "a/x/z": b"", "a/w": b""}
    assert draw_tree(tree) == "a/\n    x/\n        z\n    w\n    y\nb"


def test_the_tree_of_the_readme_has_a_place_for_every_file() -> None:
    [drawn] = re.findall(r"```text\nmodel-service/\n(.*?)```", README, re.DOTALL)
    listed = re.findall(r"(?m)^[├└]── (.*?)(?:   .*)?$", drawn)
    places = {name for line in listed for name in line.split("  ")}
    files = {"uv.lock", *render_in_memory(DEFAULTS)}
    covered = {file for file in files for place in places if file == place or file.startswith(place)}
    assert covered == files
    assert all(any(file.startswith(place) for file in files) for place in places)


@pytest.mark.parametrize("option", CHOICES)
def test_the_readme_lists_each_choice_with_the_default_first(option: str) -> None:
    [row] = re.findall(rf"(?m)^\| `{option}`.* \| (.*) \|$", README)
    assert re.sub(r" \(.*?\)", "", row).split(", ") == CHOICES[option]


def test_the_readme_shows_a_refusal_as_it_is() -> None:
    [sentence] = find_conflicts(complete({"model_runtime": "llama-cpp", "api": "open-inference"}))
    assert f"```text\n{sentence}\n```" in README


def test_the_readme_names_the_oldest_tools_that_work() -> None:
    tools = FACTS["_tools"]
    assert f"{tools['oldest_uv']} or newer" in README
    assert f"cookiecutter {tools['oldest_cookiecutter']} or newer" in README


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 700
