"""What every file of every project is: well-formed, of these answers alone, and without a trace of Jinja."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
import yaml
from answers import CHOICES, FACTS, SAMPLES, TEMPLATE, Answers, cover, name
from project import contents
from render.conftest import Files, Render, Trees
from render.renderer import SOURCE, loaded_templates, render_in_memory

PARSERS = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": yaml.safe_load,
}
# The only modules that hold Jinja beside the stubs, each of which includes one whole file of `templates/`.
COMPOSED = {"src/service/app.py", "src/service/settings.py"}
INCLUDE_LINE = re.compile(rb"(?m)^{% include .* %}\n")
LOCKS = {"poetry.lock", "requirements.txt", "requirements-dev.txt", "tools/poetry.txt"}
LINE_LENGTH = 110
RUNTIMES = FACTS["_model_runtimes"]
# pip cannot lock for other machines than its own, and installs what Poetry has locked.
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
        if not path.startswith("models/") and path not in LOCKS:  # locks say what others may depend on
            yield path, content.decode("utf-8"), choice


@pytest.mark.parametrize("answers", cover(), ids=name)
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
        # Grafana has marks of its own, `{{status}}`, without spaces; GitHub has `${{ github.ref }}`.
        marks = r"{{ |{%|%}|{#" if path == "dashboard.json" else r"{{|{%|%}|{#|#}"
        if path.startswith(".github/"):
            text = text.replace("${{ github.", "")
        assert not re.search(marks, text), (path, name(answers))
        if path not in LOCKS:
            assert not re.search(r"cookiecutter|jinja", text, re.IGNORECASE), (path, name(answers))


def test_no_white_space_is_left_over_and_no_line_is_too_long(files: Files) -> None:
    for path, text, answers in texts(files):
        if path == ".empty" or not text:
            continue
        where = f"{path} of {name(answers)}"
        blank_lines = 2 if path.endswith(".py") else 1
        assert text.strip("\n") + "\n" == text, f"{where} does not begin and end with a line"
        assert "\n" * (blank_lines + 2) not in text, f"{where} has too many blank lines"
        assert not re.search(r"[ \t]$", text, re.MULTILINE), f"{where} has trailing white space"
        assert "\r" not in text, f"{where} has Windows line ends"
        if path.endswith(".py"):
            assert max(map(len, text.splitlines())) <= LINE_LENGTH, f"{where} has a line that is too long"


def test_python_holds_no_jinja_but_includes_outside_the_composition_root() -> None:
    for path in SOURCE.rglob("*.py"):
        content = path.read_bytes()
        if path.relative_to(SOURCE).as_posix() not in COMPOSED:
            assert b"{%" not in INCLUDE_LINE.sub(b"", content), path


def test_every_partial_is_part_of_some_project(trees: Trees) -> None:
    partials = {
        path.relative_to(TEMPLATE / "templates").as_posix()
        for path in (TEMPLATE / "templates").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert trees
    assert partials - loaded_templates() == set()


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
        # Words that mean something else as well, and where an ONNX model or the data of a sample comes from.
        if choice not in {"slim", "custom", "scikit-learn"}
    ],
)
def test_no_word_of_another_choice_shows(trees: Trees, option: str, choice: str) -> None:
    for path, text, chosen in texts_with(trees, option):
        if chosen != choice:
            assert not shown(choice, text), f"{path} with {option}={chosen}"


@pytest.mark.parametrize(
    ("option", "choice", "word"),
    [
        ("api", "open-inference", "open.inference|/v2/"),
        ("model_updates", "live", r"service\.models|model_store|reloading"),
    ],
)
def test_no_word_of_a_capability_shows_without_it(trees: Trees, option: str, choice: str, word: str) -> None:
    for path, text, chosen in texts_with(trees, option):
        # One dashboard is for both APIs.
        if chosen != choice and path != "dashboard.json":
            assert not re.search(word, text, re.IGNORECASE), f"{path} with {option}={chosen}"


@pytest.mark.parametrize(("fact", "word"), [("has_tracing", "opentelemetry"), ("has_dashboard", "grafana")])
def test_no_word_of_observability_shows_without_it(trees: Trees, fact: str, word: str) -> None:
    for path, text, chosen in texts_with(trees, "observability"):
        if not FACTS["_observability"][chosen][fact]:
            assert not shown(word, text), f"{path} with observability={chosen}"


def test_no_page_leads_to_a_port_that_is_not_published(trees: Trees) -> None:
    for answers, tree in trees:
        if FACTS["_deployments"][answers["deployment"]]["has_proxy"]:
            for path in ("README.md", "AGENTS.md"):
                found = re.findall(r".*(?:localhost|127\.0\.0\.1):8000.*", tree[path].decode())
                wrong = [line for line in found if not re.search(r"`make (run|dev)`", line)]
                assert not wrong, f"{path} of {name(answers)}: {wrong}"


def test_nothing_but_the_service_shares_a_network_with_the_engine(trees: Trees) -> None:
    engines = 0
    for answers, tree in trees:
        services = yaml.safe_load(tree["compose.yaml"])["services"]
        if "engine" in services:
            engines += 1
            assert services["engine"]["networks"] == ["engine"], name(answers)
            neighbours = {key for key, value in services.items() if "engine" in value.get("networks", [])}
            assert neighbours == {"engine", "service"}, name(answers)
    assert engines


def test_every_setting_stands_in_the_example_file(trees: Trees) -> None:
    for answers, tree in trees:
        settings = re.findall(r"(?m)^    (\w+): .+ = ", tree["src/service/settings.py"].decode())
        named = re.findall(r"(?m)^# ([A-Z_]+)=", tree[".env.example"].decode())
        by_compose = {"HOST", "PORT", "MODEL_REPOSITORY"}
        assert settings
        assert {setting.upper() for setting in settings} - by_compose <= set(named), name(answers)


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_model_of_another_choice_shows(trees: Trees, sample: str) -> None:
    named = re.compile(rf"""["'/`]{sample}["'/`]""")  # as models are, unlike words
    for path, text, chosen in texts_with(trees, "model_runtime"):
        # Tests may call their own small models as they like.
        if RUNTIMES[chosen]["sample"] != sample and not path.startswith("tests/"):
            assert not named.search(text), f"{path} with model_runtime={chosen}"


@pytest.mark.parametrize("manager", CHOICES["package_manager"])
def test_no_word_of_another_package_manager_shows(trees: Trees, manager: str) -> None:
    for path, text, chosen in texts_with(trees, "package_manager"):
        # Removed from every image: Python brings pip along.
        if manager != chosen and manager not in HELPERS[chosen] and path != "tools/removals.toml":
            other = re.sub(r"uv pip|--without-pip", "", text)
            assert not shown(manager, other), f"{path} with package_manager={chosen}"


def test_sample_models_are_copied_byte_for_byte(files: Files) -> None:
    sources = {path.read_bytes() for path in SOURCE.glob("{{cookiecutter.__derived.sample_directory}}/*")}
    for path, content in files:
        if path.startswith("models/") and not path.endswith("SHA256SUMS"):
            assert content in sources, path
