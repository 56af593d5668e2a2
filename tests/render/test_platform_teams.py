"""docs/platform-teams.md: what a fork changes shows in its projects, and in nothing else."""

import json
import re
from pathlib import Path

import pytest
import yaml
from answers import FACTS, TEMPLATE
from backstage_form import FILE
from packaging.requirements import Requirement
from pages import read_blocks, select
from project import commit, copy_template, render, run

BLOCKS = read_blocks("platform-teams.md")
YAML = [yaml.safe_load(text) for text in select(BLOCKS, "yaml")]
COMMANDS = select(BLOCKS, "sh")
[IMAGES] = map(json.loads, select(BLOCKS, "json"))
UPSTREAM = "https://github.com/org/template"
IDENTITY = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    return copy_template(tmp_path / "fork")


def merge(facts: dict, changes: dict) -> None:
    """Change facts, each of which must be there."""
    for name, change in changes.items():
        assert name in facts
        if isinstance(change, dict):
            merge(facts[name], change)
        else:
            facts[name] = change


def change_facts(template: Path, changes: dict) -> None:
    path = template / "cookiecutter.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    merge(table, changes)
    path.write_text(json.dumps(table, indent=2), encoding="utf-8")


def read_images(project: Path, *files: str) -> set[str]:
    """Return the images that a project is built from, but for uv's."""
    text = "".join((project / file).read_text(encoding="utf-8") for file in ("Dockerfile", *files))
    found = re.findall(r"^FROM (\S+[:/]\S+)|^    image: (?:\$\{\w+:-)?([^\s}]+:[^\s}]+)", text, re.MULTILINE)
    return {image for pair in found for image in pair if image and "astral-sh" not in image}


def test_a_file_of_answers_changes_the_defaults(fork: Path, tmp_path: Path) -> None:
    [config] = [block for block in YAML if "default_context" in block]
    config["abbreviations"] = dict.fromkeys(config["abbreviations"], f"{fork.parent}/{{0}}")
    (tmp_path / "platform.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = COMMANDS[0].replace("uvx ", "").replace("platform/ai-service", "fork").split()
    run([*command, "--no-input", "--accept-hooks", "no"], tmp_path)
    project = tmp_path / "model-service"
    assert read_images(project) == {
        FACTS["_base_images"]["distroless"][image].replace("%s", "3.12")
        for image in ("python_image", "runtime_image")
    }
    assert "Payments Team" in (project / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("base", FACTS["_base_images"])
def test_the_images_are_those_of_the_table(fork: Path, tmp_path: Path, base: str) -> None:
    change_facts(fork, IMAGES)
    answers = {"base_image": base, "model_runtime": "llama-cpp", "deployment": "public"}
    project = render(answers, tmp_path, hooks=False, template=fork)
    images = read_images(project, "compose.yaml")
    assert len(images) == len(set(IMAGES["_base_images"][base].values())) + 2
    assert all(image.startswith("registry.example.com/") for image in images), images


def test_the_other_images_stand_where_the_page_says() -> None:
    page = (TEMPLATE / "docs" / "platform-teams.md").read_text(encoding="utf-8")
    named = {TEMPLATE / path for path in re.findall(r"`(templates/\S+\.(?:j2|yaml))`", page)}
    holding = {
        path
        for path in (TEMPLATE / "templates").rglob("*")
        if path.suffix in {".j2", ".yaml"}
        and re.search(
            r"(?:FROM|image:) (?!registry\.example)[\w.-]+/[\w./-]+:", path.read_text(encoding="utf-8")
        )
    }
    assert holding == named


def test_a_uv_project_asks_the_index_of_the_fork(fork: Path, tmp_path: Path) -> None:
    [index] = select(BLOCKS, "toml")
    path = fork / "templates" / "package_manager" / "uv" / "pyproject.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{index}", encoding="utf-8")
    text = (render({}, tmp_path, hooks=False, template=fork) / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\n\n{index}\n[tool.image]" in text


def test_the_backend_gets_the_tools_of_this_template() -> None:
    [lines] = select(BLOCKS, "dockerfile")
    found = {Requirement(text).name: text for text in re.findall(r"\S+==\S+", lines)}
    pinned = (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"{found.pop("cookiecutter")}"' in pinned
    assert found == {"uv": f"uv=={FACTS['_tools']['uv']}"}


def test_the_location_is_that_of_the_form() -> None:
    [config] = [block for block in YAML if "catalog" in block]
    [location] = config["catalog"]["locations"]
    assert location["target"] == f"{UPSTREAM}/blob/main/{FILE.relative_to(TEMPLATE).as_posix()}"


def test_updates_from_upstream_keep_what_the_fork_changed(fork: Path, tmp_path: Path) -> None:
    upstream = fork.rename(tmp_path / "upstream")
    change_facts(upstream, {})  # lays the file out as the next changes do
    commit(upstream, "older")
    run(["git", "clone", "--quiet", str(upstream), str(fork)], tmp_path)
    change_facts(fork, IMAGES)
    commit(fork, "images of ours")
    change_facts(upstream, {"_tools": {"uv": "99.0.0"}})
    commit(upstream, "newer")
    [commands] = [text for text in COMMANDS if "git merge" in text]
    run(["sh", "-e", "-c", commands.replace(UPSTREAM, str(upstream))], fork, **IDENTITY)
    merged = (fork / "cookiecutter.json").read_text(encoding="utf-8")
    change_facts(upstream, IMAGES)
    assert merged == (upstream / "cookiecutter.json").read_text(encoding="utf-8")


def test_the_page_is_short() -> None:
    page = (TEMPLATE / "docs" / "platform-teams.md").read_text(encoding="utf-8")
    assert len(page.split()) <= 700
