"""Updates with cruft: a project of an older template takes what is new and keeps what its team wrote."""

import json
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from answers import FACTS, TEMPLATE
from project import CommandFailedError, commit, contents, render, run

SOURCE = Path("{{cookiecutter.__project_slug}}")
ANSWERS = {"project_slug": "page-turner", "description": 'It "reads" é.', "python_version": "3.12"}
OLDER_DATE = "2026-11-18T23:00:00Z"
MOVED = Path("src/service/serving/deadline.py")
# What no template renders: cruft's own file, and what the package manager makes.
MADE_LATER = {".cruft.json", "uv.lock"}


@dataclass
class Template:
    """A repository of the template with two commits; the second is checked out."""

    path: Path
    older: str
    newer: str


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template as it is here, committed or not, and what it may have been before."""
    path = tmp_path_factory.mktemp("template")
    copy_template(path)
    make_older(path)
    older = commit(path, "older")
    for child in path.iterdir():
        if child.name != ".git":
            shutil.rmtree(child) if child.is_dir() else child.unlink()
    copy_template(path)
    make_newer(path)
    return Template(path, older, commit(path, "newer"))


def copy_template(directory: Path) -> None:
    """Copy every file of the template that git knows or would add."""
    names = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], TEMPLATE)
    for name in names.rstrip("\0").split("\0"):
        if (TEMPLATE / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, directory / name)


def make_older(template: Path) -> None:
    """Give a template other facts, one choice fewer, one option that is gone today, and other files."""
    table = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    table["_exclude_newer"] = OLDER_DATE
    table["_requirements"]["service"].append("idna>=3,<4")
    table["base_image"].remove("distroless")
    (template / "cookiecutter.json").write_text(json.dumps({"gone": "x"} | table), encoding="utf-8")
    edit(template / SOURCE / "Makefile", "## Run the tests, except", "## Run all tests, except")
    (template / SOURCE / "src" / "service" / "gone.py").write_text('"""Gone."""\n', encoding="utf-8")
    (template / SOURCE / "src" / "service" / "about.py").unlink()
    (template / SOURCE / MOVED).rename(template / SOURCE / "src" / "service" / "moved.py")
    (model,) = (template / SOURCE).rglob("{{cookiecutter.__sample_files.onnx}}")
    model.write_bytes(model.read_bytes()[::-1])


def make_newer(template: Path) -> None:
    """Give a template one option more, and a file that shows it."""
    table = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    (template / "cookiecutter.json").write_text(json.dumps({"motto": "Soon."} | table), encoding="utf-8")
    (template / SOURCE / "MOTTO").write_text("{{ cookiecutter.motto }}\n", encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """Replace what a file holds once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def cruft(cwd: Path, *arguments: str) -> str:
    """Run cruft as somebody who has no configuration of their own."""
    return run(["cruft", *arguments], cwd, COOKIECUTTER_CONFIG=os.devnull)


def update(project: Path, *options: str) -> str:
    """Update a project as its team does."""
    return cruft(project, "update", "--skip-apply-ask", *options)


@pytest.fixture(scope="module")
def new_project(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that `cruft create` has just made from the older template."""
    directory = tmp_path_factory.mktemp("created")
    options = ["--checkout", template.older, "--skip", "uv.lock", "--no-input"]
    cruft(directory, "create", str(template.path), *options, "--extra-context", json.dumps(ANSWERS))
    return directory / ANSWERS["project_slug"]


@pytest.fixture
def project(new_project: Path, tmp_path: Path) -> Path:
    """A copy of the project, committed by its team."""
    path = tmp_path / new_project.name
    shutil.copytree(new_project, path)
    commit(path, "as rendered")
    return path


def test_an_update_brings_what_is_new_and_keeps_what_the_team_wrote(
    template: Template, project: Path, tmp_path: Path
) -> None:
    make_theirs(project, project / "src" / "service" / "moved.py")
    commit(project, "ours")
    update(project)
    expected = render(ANSWERS, tmp_path / "newer", hooks=False, template=template.path)
    make_theirs(expected, expected / MOVED)
    found = contents(project)
    assert {name: found[name] for name in found.keys() - MADE_LATER} == contents(expected)
    check_state(project, template)
    commit(project, "updated")
    assert "already up to date" in update(project)
    assert "up to date" in cruft(project, "check")


def make_theirs(project: Path, moved: Path) -> None:
    """Change lines of a project as its team does; one of the files is moved between the templates."""
    edit(project / "Makefile", "## List the targets", "## List our targets")
    edit(project / "src/service/predictor.py", "class PredictRequest", "OURS = 1\n\n\nclass PredictRequest")
    edit(moved, "from fastapi import Request\n", "from fastapi import Request  # ours\n")


def check_state(project: Path, template: Template) -> None:
    """Check what cruft remembers: the same answers, the new options, the new facts."""
    state = json.loads((project / ".cruft.json").read_text(encoding="utf-8"))
    context = state["context"]["cookiecutter"]
    assert state["commit"] == template.newer
    assert {fact: context[fact] for fact in FACTS} == FACTS
    assert context["motto"] == "Soon."
    assert "gone" not in context
    assert ANSWERS.items() <= context.items()


def test_an_update_leaves_the_lock_to_make_lock(project: Path) -> None:
    lock = (project / "uv.lock").read_bytes()
    assert tomllib.loads(lock.decode())["options"]["exclude-newer"] == OLDER_DATE
    update(project)
    assert (project / "uv.lock").read_bytes() == lock
    run(["make", "lock"], project)
    new = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    assert new["options"]["exclude-newer"] == FACTS["_exclude_newer"]
    run(["uv", "lock", "--check"], project)


def test_an_answer_can_be_changed_with_an_update(project: Path) -> None:
    update(project, "--variables-to-update", '{"base_image": "distroless"}')
    assert "distroless" in (project / "Dockerfile").read_text(encoding="utf-8")


def test_an_answer_that_cannot_work_changes_nothing(project: Path) -> None:
    before = contents(project)
    with pytest.raises(CommandFailedError, match="publishes no musl wheel"):
        update(project, "--variables-to-update", '{"base_image": "alpine"}')
    assert contents(project) == before


def test_cruft_writes_down_no_place_of_this_machine_but_the_templates(
    template: Template, new_project: Path
) -> None:
    text = (new_project / ".cruft.json").read_text(encoding="utf-8").replace(str(template.path), "TEMPLATE")
    for place in (new_project.parent, Path.home(), TEMPLATE):
        assert str(place) not in text


def test_a_checkout_of_the_template_on_windows_has_the_same_line_ends(
    template: Template, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    run(["git", "clone", "--quiet", "-c", "core.autocrlf=true", str(template.path), str(checkout)], tmp_path)
    assert contents(checkout) == contents(template.path)
