"""What every file of every project is: well-formed, of these answers alone, and without a trace of Jinja."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
import yaml
from answers import CHOICES, FACTS, SAMPLES, Answers, cover, name
from project import contents
from render.conftest import Files, Render, Trees
from render.renderer import SOURCE, render_in_memory

PARSERS = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}
# The one line that a stub holds names one whole file in `templates/`.
STUB = re.compile(rb"{% include .* %}\n")
# What is built for comparison, whatever a project is installed with.
NAIVE = {"tools/image/naive.py", "tests/image/test_naive.py"}
RUNTIMES = FACTS["_model_runtimes"]
# pip installs what Poetry has locked, and cannot lock for other machines than its own.
HELPERS = {"uv": set(), "pip": {"uv"}, "poetry": {"pip"}}


def texts(files: Files) -> Iterator[tuple[str, str, Answers]]:
    """Return path, content and answers of every different file that is text, its line ends as they are."""
    for (path, content), answers in files.items():
        if not path.startswith("models/"):  # models are data
            yield path, content.decode("utf-8"), answers


def texts_with(trees: Trees, option: str) -> Iterator[tuple[str, str, str]]:
    """Return path, content and choice of every different file that is text, once for each choice with it."""
    found = {(file, answers[option]) for answers, tree in trees for file in tree.items()}
    for (path, content), choice in found:
        if not path.startswith("models/") and path != "poetry.lock":  # that says what others may depend on
            yield path, content.decode("utf-8"), choice


@pytest.mark.parametrize("answers", cover())
def test_cookiecutter_writes_what_is_rendered_in_memory(rendered: Render, answers: Answers) -> None:
    assert contents(rendered(answers)) == render_in_memory(answers)


def test_every_file_is_what_its_name_says(files: Files) -> None:
    for path, text, answers in texts(files):
        try:
            PARSERS.get(PurePosixPath(path).suffix, str)(text)
        except Exception as error:
            raise AssertionError(f"{path} of {name(answers)}: {error}") from error


def test_nothing_of_the_template_is_left_over(files: Files) -> None:
    for path, text, answers in texts(files):
        assert not re.search(r"{{|{%|%}|{#|#}", text), (path, name(answers))
        # poetry.lock says what others may depend on, too.
        if path != "poetry.lock":
            assert not re.search(r"cookiecutter|jinja", text, re.IGNORECASE), (path, name(answers))


def test_no_white_space_is_left_over(files: Files) -> None:
    for path, text, answers in texts(files):
        if path != ".empty":
            where = f"{path} of {name(answers)}"
            blank_lines = 2 if path.endswith(".py") else 1
            assert text.strip("\n") + "\n" == text, f"{where} does not begin and end with a line"
            assert "\n" * (blank_lines + 2) not in text, f"{where} has too many blank lines"
            assert not re.search(r"[ \t]$", text, re.MULTILINE), f"{where} has trailing white space"
            assert "\r" not in text, f"{where} has Windows line ends"


def test_python_is_rendered_as_it_is_tested_in_place(files: Files) -> None:
    for path, content in files:
        if path.endswith(".py") and (SOURCE / path).exists():
            source = (SOURCE / path).read_bytes()
            assert content == source or STUB.fullmatch(source), path


def test_python_holds_jinja_in_stubs_alone() -> None:
    for path in SOURCE.rglob("*.py"):
        content = path.read_bytes()
        assert b"{%" not in content or STUB.fullmatch(content), path


def test_the_images_are_those_of_the_choices(trees: Trees) -> None:
    for answers, tree in trees:
        stages = re.findall(r"^FROM (\S+) AS (\S+)$", tree["Dockerfile"].decode(), re.MULTILINE)
        images = {image for image, _ in stages} - {stage for _, stage in stages} - {"scratch"}
        base, version = FACTS["_base_images"][answers["base_image"]], answers["python_version"]
        expected = {base[image].replace("%s", version) for image in ("python_image", "runtime_image")}
        uv = {f"ghcr.io/astral-sh/uv:{FACTS['_tools']['uv']}"}
        assert images - expected == (uv if answers["package_manager"] == "uv" else set()), name(answers)


def shown(choice: str, text: str) -> bool:
    """Whether a text has a word of a choice."""
    return re.search(rf"\b{re.escape(choice)}\b", text, re.IGNORECASE) is not None


@pytest.mark.parametrize(
    ("option", "choice"),
    [
        (option, choice)
        for option in ("base_image", "model_runtime")
        for choice in CHOICES[option]
        if choice not in {"slim", "custom"}  # words that mean something else as well
    ],
)
def test_no_word_of_another_choice_shows(trees: Trees, option: str, choice: str) -> None:
    for path, text, chosen in texts_with(trees, option):
        # MODELS.md says whose data the sample was trained on.
        if chosen != choice and path != "MODELS.md":
            assert not shown(choice, text), f"{path} with {option}={chosen}"


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_model_of_another_choice_shows(trees: Trees, sample: str) -> None:
    named = re.compile(rf"""["'/`]{sample}["'/`]""")  # as models are, unlike words
    for path, text, chosen in texts_with(trees, "model_runtime"):
        if RUNTIMES[chosen]["sample"] != sample:
            assert not named.search(text), f"{path} with model_runtime={chosen}"


@pytest.mark.parametrize("file", sorted({runtime["file"] for runtime in RUNTIMES.values()}))
def test_no_file_of_another_model_runtime_shows(trees: Trees, file: str) -> None:
    for path, text, chosen in texts_with(trees, "model_runtime"):
        # To the checksums a model's file is one like any other.
        if RUNTIMES[chosen]["file"] != file and not path.startswith("tests/volume/"):
            assert file not in text, f"{path} with model_runtime={chosen}"


@pytest.mark.parametrize("manager", CHOICES["package_manager"])
def test_no_word_of_another_package_manager_shows(trees: Trees, manager: str) -> None:
    for path, text, chosen in texts_with(trees, "package_manager"):
        where = f"{path} with package_manager={chosen}"
        if manager != chosen and manager not in HELPERS[chosen] and path not in NAIVE:
            assert not shown(manager, text), where
        if manager == "uv" != chosen and path in {"Dockerfile", ".github/workflows/ci.yml", "compose.yaml"}:
            assert not shown("uv", text), where


def test_sample_models_are_copied_byte_for_byte(files: Files) -> None:
    sources = {path.read_bytes() for path in SOURCE.glob("{{cookiecutter.__derived.sample_directory}}/*")}
    for path, content in files:
        if path.startswith("models/") and not path.endswith("SHA256SUMS"):
            assert content in sources, path
