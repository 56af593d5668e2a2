"""The exact set of files, and what kind of text each is."""

import ast
import filecmp
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from answers import CHOICES, DEFAULTS, FACTS, SUPPORTED, TEMPLATE, Answers
from project import commit, contents, run
from render.conftest import Render

SOURCE = TEMPLATE / "{{cookiecutter.__project_slug}}"
PATHS = """
.dockerignore .empty .env.example .gitattributes .github/workflows/ci.yml .gitignore .python-version
Dockerfile Makefile README.md compose.yaml pyproject.toml examples/predict.json models/README.md
models/digits/1/SHA256SUMS models/digits/1/model.onnx src/service/body_limit.py
tests/test_body_limit.py src/service/__init__.py src/service/__main__.py src/service/about.py
src/service/app.py src/service/checksums.py src/service/dependencies.py src/service/draining.py
src/service/errors.py src/service/healthcheck.py src/service/loader.py
src/service/model_repository.py src/service/model_runtime.py src/service/predictor.py
src/service/readiness.py src/service/routes/__init__.py src/service/routes/health.py
src/service/routes/predict.py src/service/routes/root.py src/service/server.py
src/service/settings.py tests/conftest.py tests/routes/test_health.py tests/routes/test_predict.py
tests/routes/test_root.py tests/test_about.py tests/test_checksums.py tests/test_draining.py
tests/test_healthcheck.py tests/test_loader.py tests/test_model_repository.py
tests/test_model_runtime.py tests/test_predictor.py tests/test_readiness.py tests/test_server.py
tests/test_settings.py tools/write_bytecode.py
"""
# What Windows keeps for devices, whatever comes after a dot, and what no name may hold or end in there.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
NAME = re.compile(r'[^<>:"/\\|?*\x00-\x1f]*[^<>:"/\\|?*\x00-\x1f .]')
# Of the 260 characters of a path on Windows, what is left beside a long home and the longest slug.
PATH_LENGTH = 120
LOCKS = {
    "uv": [],
    "pip": ["requirements.txt", "requirements-dev.txt"],
    "poetry": ["poetry.lock", "poetry.toml", "tools/poetry.txt"],
}
PARSERS = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}
STUBS = {"model_runtime.py", "model_repository.py", "test_model_repository.py"}

every_combination = pytest.mark.parametrize("answers", SUPPORTED)


def texts(project: Path) -> Iterator[tuple[Path, str]]:
    """Return every file of a project that is text, with its content and its line ends as they are."""
    for path in sorted(project.rglob("*")):
        if path.is_file() and path.suffix != ".onnx":
            yield path, path.read_bytes().decode("utf-8")


@every_combination
def test_exactly_these_files_are_rendered(rendered: Render, answers: Answers) -> None:
    project = rendered(answers)
    files = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert files == {*PATHS.split(), *LOCKS[answers["package_manager"]]}


@pytest.mark.parametrize("name", ["aux", "NUL.txt", "com1.py", "a:b", "a ", "a.", "what?", "tab\t"])
def test_a_name_that_windows_cannot_hold_is_found(name: str) -> None:
    assert DEVICE.fullmatch(name) or not NAME.fullmatch(name)


def check_names(paths: list[str]) -> None:
    """Check that every file system can hold these paths."""
    for path in paths:
        assert len(path) <= PATH_LENGTH, path
        for name in path.split("/"):
            assert NAME.fullmatch(name), path
            assert not DEVICE.fullmatch(name), path
    assert len({path.casefold() for path in paths}) == len(paths)


@every_combination
def test_every_file_system_can_hold_a_project(rendered: Render, answers: Answers) -> None:
    project = rendered(answers)
    check_names([path.relative_to(project).as_posix() for path in project.rglob("*")])


def test_every_file_system_can_hold_the_template() -> None:
    paths = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], TEMPLATE)
    for path in paths.rstrip("\0").split("\0"):
        assert all(NAME.fullmatch(name) and not DEVICE.fullmatch(name) for name in path.split("/")), path


@every_combination
def test_no_file_is_a_program(rendered: Render, answers: Answers) -> None:
    files = [path for path in rendered(answers).rglob("*") if path.is_file()]
    assert [path for path in files if path.stat().st_mode & 0o111] == []


def test_a_checkout_on_windows_has_the_same_line_ends(rendered: Render, tmp_path: Path) -> None:
    project, checkout = tmp_path / "project", tmp_path / "checkout"
    shutil.copytree(rendered(DEFAULTS), project)
    commit(project, "first")
    run(["git", "clone", "--quiet", "-c", "core.autocrlf=true", str(project), str(checkout)], tmp_path)
    assert contents(checkout) == contents(project)


@every_combination
def test_every_file_is_what_its_name_says(rendered: Render, answers: Answers) -> None:
    for path, text in texts(rendered(answers)):
        PARSERS.get(path.suffix, str)(text)


@every_combination
def test_nothing_of_the_template_is_left_over(rendered: Render, answers: Answers) -> None:
    for path, text in texts(rendered(answers)):
        assert not re.search(r"{{|{%|%}|{#|#}", text), path
        # poetry.lock says what others may depend on, too.
        if path.name != "poetry.lock":
            assert not re.search(r"cookiecutter|jinja", text, re.IGNORECASE), path


@every_combination
def test_no_white_space_is_left_over(rendered: Render, answers: Answers) -> None:
    for path, text in texts(rendered(answers)):
        if path.name != ".empty":
            blank_lines = 2 if path.suffix == ".py" else 1
            assert text.strip("\n") + "\n" == text, f"{path} does not begin and end with a line"
            assert "\n" * (blank_lines + 2) not in text, f"{path} has too many blank lines"
            assert not re.search(r"[ \t]$", text, re.MULTILINE), f"{path} has trailing white space"
            assert "\r" not in text, f"{path} has Windows line ends"


@every_combination
def test_python_is_rendered_as_it_is_tested_in_place(rendered: Render, answers: Answers) -> None:
    project = rendered(answers)
    for path in project.rglob("*.py"):
        if path.name not in STUBS:
            assert filecmp.cmp(path, SOURCE / path.relative_to(project), shallow=False), path


def test_only_stubs_hold_jinja() -> None:
    with_jinja = {path.name for path in SOURCE.rglob("*.py") if "{%" in path.read_text(encoding="utf-8")}
    assert with_jinja == STUBS
    for path in SOURCE.rglob("*.py"):
        if path.name in STUBS:
            assert re.fullmatch(r"{% include .* %}\n", path.read_text(encoding="utf-8"))


@every_combination
def test_the_choices_show_and_no_other_choice_does(rendered: Render, answers: Answers) -> None:
    project = rendered(answers)
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", dockerfile, re.MULTILINE)
    images = {image for image, _ in stages} - {stage for _, stage in stages} - {"scratch"}
    base, version = FACTS["_base_images"][answers["base_image"]], answers["python_version"]
    expected = {base[image].replace("%s", version) for image in ("python_image", "runtime_image")}
    uv = {f"ghcr.io/astral-sh/uv:{FACTS['_tools']['uv']}"}
    assert images - expected == (uv if answers["package_manager"] == "uv" else set())
    everything = "".join(text for _, text in texts(project)).lower()
    for option in ("base_image", "model_runtime"):
        for other in set(CHOICES[option]) - {answers[option], "slim"}:
            assert not re.search(rf"\b{other}\b", everything), f"there is a word of {other}"


# pip installs what Poetry has locked, and cannot lock for other machines than its own.
HELPERS = {"uv": set(), "pip": {"uv"}, "poetry": {"pip"}}


@every_combination
def test_no_other_package_manager_shows(rendered: Render, answers: Answers) -> None:
    manager = answers["package_manager"]
    for path, text in texts(rendered(answers)):
        for other in set(CHOICES["package_manager"]) - {manager} - HELPERS[manager]:
            assert not re.search(rf"\b{other}\b", text, re.IGNORECASE), (
                f"there is a word of {other} in {path}"
            )
        if path.name in {"Dockerfile", "ci.yml", "compose.yaml"}:
            assert manager == "uv" or not re.search(r"\buv\b", text), path


def test_the_sample_model_is_copied_byte_for_byte(rendered: Render) -> None:
    (source,) = SOURCE.rglob("model.onnx")
    (copy,) = rendered(DEFAULTS).rglob("model.onnx")
    assert filecmp.cmp(source, copy, shallow=False)
