"""Updates with cruft: a project takes what is new in the template and keeps what its team wrote."""

import json
import os
from pathlib import Path

import pytest
from project import CommandFailedError, commit, contents, copy_template, render, run

SOURCE = Path("{{cookiecutter.project_slug}}")
ANSWERS = {"project_slug": "page-turner", "description": 'It "reads" é.', "python_version": "3.12"}
# What no template renders: cruft's own file, and what the package manager makes.
MADE_LATER = {".cruft.json", "uv.lock"}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def cruft(cwd: Path, *arguments: str) -> str:
    """Run cruft as somebody who has no configuration of their own."""
    return run(["cruft", *arguments], cwd, COOKIECUTTER_CONFIG=os.devnull)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A repository that holds the template as it is here."""
    path = copy_template(tmp_path / "template")
    commit(path, "older")
    return path


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A project that `cruft create` has made, committed by its team."""
    options = ["--skip", "uv.lock", "--no-input", "--extra-context", json.dumps(ANSWERS)]
    cruft(tmp_path, "create", str(template), *options)
    path = tmp_path / ANSWERS["project_slug"]
    commit(path, "as rendered")
    return path


def test_an_update_brings_what_is_new_and_keeps_what_the_team_wrote(
    template: Path, project: Path, tmp_path: Path
) -> None:
    edit(template / SOURCE / "Makefile", "## List the targets", "## List all targets")
    (template / SOURCE / "NEW.md").write_text("{{ cookiecutter.project_name }}\n", encoding="utf-8")
    (template / SOURCE / "AGENTS.md").unlink()
    newer = commit(template, "newer")
    theirs = "class PredictRequest", "OURS = 1\n\n\nclass PredictRequest"
    edit(project / "src" / "service" / "predictor.py", *theirs)
    commit(project, "ours")

    cruft(project, "update", "--skip-apply-ask")

    expected = render(ANSWERS, tmp_path / "newer", hooks=False, template=template)
    edit(expected / "src" / "service" / "predictor.py", *theirs)
    found = contents(project)
    assert {name: found[name] for name in found.keys() - MADE_LATER} == contents(expected)
    assert json.loads(found[".cruft.json"])["commit"] == newer
    commit(project, "updated")
    assert "up to date" in cruft(project, "check")


def test_an_answer_can_be_changed_and_one_that_cannot_work_changes_nothing(project: Path) -> None:
    change = ["update", "--skip-apply-ask", "--variables-to-update"]
    before = contents(project)
    with pytest.raises(CommandFailedError, match="onnxruntime"):
        cruft(project, *change, '{"base_image": "alpine"}')
    assert contents(project) == before
    cruft(project, *change, '{"base_image": "distroless"}')
    assert "distroless" in (project / "Dockerfile").read_text(encoding="utf-8")
