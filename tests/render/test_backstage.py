"""backstage/template.yaml: its form refuses what the hook refuses, and its steps render the same project."""

import json
import os
from pathlib import Path

import pytest
import yaml
from answers import ALL, CHOICES, DEFAULTS, OPTIONS, PROMPTS, REFUSED, SUPPORTED, Answers, complete
from backstage_form import FILE, TAKEN, make_template
from jsonschema_rs import Draft7Validator
from pre_gen_project import find_conflicts
from project import CommandFailedError, contents, copy_template, render, run

from judge_answers import BACKSTAGE

TEMPLATE = yaml.safe_load(FILE.read_text(encoding="utf-8"))["spec"]
TEXTS_PAGE, CHOICES_PAGE, _ = TEMPLATE["parameters"]
TEXTS = {"project_name": "Page Turner", "project_slug": "page-turner", "author": "José & Co"}
TEXTS |= {"description": 'It "says" {{ 7 * 7 }} and ${{ parameters.author }}.'}
# With pip, the hook asks no network.
FARTHEST = max(
    (answers for answers in SUPPORTED if answers["package_manager"] == "pip"),
    key=lambda answers: sum(answers[option] != DEFAULTS[option] for option in CHOICES),
)


def fetch_cookiecutter(answers: Answers, directory: Path, *dropped: str) -> Path:
    """Do what Backstage's action `fetch:cookiecutter` does in version 0.3.27 of its package."""
    [values] = [step["input"]["values"] for step in TEMPLATE["steps"] if step["id"] == "render"]
    values = {
        name: answers[name] if value == f"${{{{ parameters.{name} }}}}" else value
        for name, value in values.items()
        if name not in dropped
    }
    template = directory / "template"
    table = json.loads(
        (copy_template(template / BACKSTAGE) / "cookiecutter.json").read_text(encoding="utf-8")
    )
    merged = table | values
    # The step gives neither of these, and what JavaScript does not define is not written.
    merged = {
        name: value for name, value in merged.items() if name not in {"_copy_without_render", "_extensions"}
    }
    (template / "cookiecutter.json").write_text(json.dumps(merged), encoding="utf-8")
    output = directory / "intermediate"
    output.mkdir()
    command = ["cookiecutter", "--no-input", "-o", str(output), str(template), "--verbose"]
    try:
        run(command, directory, COOKIECUTTER_CONFIG=os.devnull, HOME=str(directory))
    except CommandFailedError:
        assert list(output.iterdir()) == []
        raise
    [project] = output.iterdir()
    return project


def test_the_file_is_made_of_the_table_as_it_is() -> None:
    assert FILE.read_text(encoding="utf-8") == make_template(), "run `make docs`"


def test_backstage_renders_the_same_project(tmp_path: Path) -> None:
    answers = FARTHEST | TEXTS
    project = fetch_cookiecutter(answers, tmp_path / "backstage")
    assert contents(project) == contents(render(answers, tmp_path / "ordinary"))


def test_backstage_shows_why_the_hook_refuses(tmp_path: Path) -> None:
    answers = complete({"base_image": "alpine"})
    with pytest.raises(CommandFailedError) as failed:
        fetch_cookiecutter(answers, tmp_path / "backstage")
    [sentence] = find_conflicts(answers)
    assert sentence in str(failed.value)


def test_backstage_renders_nothing_unless_the_template_is_nested(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError):
        fetch_cookiecutter(FARTHEST | TEXTS, tmp_path / "backstage", "templates")


def test_the_form_asks_every_question_with_its_choices_and_its_default() -> None:
    asked = TEXTS_PAGE["properties"] | CHOICES_PAGE["properties"]
    assert list(asked) == list(OPTIONS) == TEXTS_PAGE["required"] + CHOICES_PAGE["required"]
    for option, choices in CHOICES.items():
        assert asked[option]["enum"] == choices
        assert asked[option]["enumNames"] == [PROMPTS[option][choice] for choice in choices]
        assert asked[option]["default"] == DEFAULTS[option]


def test_the_form_takes_the_choices_that_the_hook_takes() -> None:
    form = Draft7Validator(CHOICES_PAGE)
    assert form.is_valid(DEFAULTS)
    assert not form.is_valid(DEFAULTS | {"base_image": "busybox"})
    assert [answers for answers in ALL if form.is_valid(answers)] == SUPPORTED


def test_the_form_says_what_the_hook_says() -> None:
    sentences = {sentence for answers in REFUSED for sentence in find_conflicts(complete(answers))}
    shown = [
        wrong["errorMessage"]
        for conflict in CHOICES_PAGE["allOf"]
        for wrong in conflict["then"]["properties"].values()
    ]
    assert set(shown) <= sentences


def test_the_form_takes_the_texts_that_the_hook_takes() -> None:
    form = Draft7Validator(TEXTS_PAGE)
    slugs = [
        "a",
        "model-service-2",
        "a" * 63,
        "",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "2a",
        "A",
        "ä",
        "a\n",
        "a" * 64,
        "..",
    ]
    lines = [
        "José 🤖",
        "x" * 200,
        "👩\u200d🔬 {{ x }}",
        "",
        "  ",
        "two\nlines",
        "\0",
        "\u2028",
        "\ufeffa",
        "x" * 201,
    ]
    answers = [{"project_slug": slug} for slug in [*slugs, *TAKEN]]
    answers += [{option: line} for option in TEXTS if option != "project_slug" for line in lines]
    taken = [given for given in answers if form.is_valid(TEXTS | given)]
    assert taken == [given for given in answers if not find_conflicts(complete(given))]
    assert {"project_slug": "a"} in taken
