"""What runs on GitHub, for the template and for projects: nothing for linters to find, and few rights."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from answers import CHOICES, DEFAULTS, FACTS, TEMPLATE, nearest
from project import run
from render.conftest import Files, Render

OWN = sorted((TEMPLATE / ".github" / "workflows").glob("*.yml"))
# `$/` is a workflow of the same repository, at the same commit.
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\$/.*")
# The persona that reports most. What needs GitHub's API is not asked: nothing here may depend on a network.
ZIZMOR = ["zizmor", "--offline", "--persona=auditor", "--strict-collection", "--no-progress", "--quiet"]
# Without the programs that it calls where they happen to be installed.
ACTIONLINT = ["actionlint", "-no-color", "-shellcheck=", "-pyflakes="]
LINTERS = pytest.mark.parametrize("linter", [ACTIONLINT, ZIZMOR], ids=["actionlint", "zizmor"])


@pytest.fixture(scope="module")
def workflows(files: Files, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The template's own workflows, and every different one of projects."""
    directory = tmp_path_factory.mktemp("workflows")
    paths = list(OWN)
    for number, (name, content) in enumerate(files):
        if name.startswith(".github/workflows/"):
            paths.append(directory / f"{number}-{Path(name).name}")
            paths[-1].write_bytes(content)
    return paths


def lint(linter: list[str], paths: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*linter, *paths], capture_output=True, text=True, encoding="utf-8")


@LINTERS
def test_a_linter_is_content_with_every_workflow(workflows: list[Path], linter: list[str]) -> None:
    assert len(workflows) > len(OWN) + len(CHOICES["package_manager"])
    result = lint(linter, workflows)
    assert result.returncode == 0, result.stdout + result.stderr


@LINTERS
def test_a_linter_finds_what_is_wrong(tmp_path: Path, linter: list[str]) -> None:
    path = tmp_path / "ci.yml"
    step = "- run: echo ${{ github.event.issue.title }}"
    path.write_text(f"on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      {step}\n")
    result = lint(linter, [path])
    assert result.returncode != 0
    assert "github.event.issue.title" in result.stdout


def test_every_action_is_pinned_to_a_commit_and_has_one_version_everywhere(workflows: list[Path]) -> None:
    texts = [path.read_text(encoding="utf-8") for path in workflows]
    used = {action for text in texts for action in re.findall(r"(?m)^\s*(?:- )?uses: (.*)$", text)}
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    names = [action.partition("@")[0] for action in used]
    assert sorted(names) == sorted(set(names))


def test_every_job_has_a_time_limit_and_few_may_write(workflows: list[Path]) -> None:
    writers = set()
    for path in workflows:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}, path.name
        for name, job in workflow["jobs"].items():
            assert "timeout-minutes" in job or "uses" in job, (path.name, name)
            if set(job["permissions"].values()) != {"read"}:
                writers.add((workflow["name"], name))
    assert writers == {("Locks", "propose"), ("Release", "release"), ("Release", "push")}


def find_secrets(text: str) -> set[str]:
    """Return the jobs of a workflow that get its token."""
    jobs = yaml.safe_load(text)["jobs"]
    return {name for name, job in jobs.items() if "github.token" in str(job) or "secrets." in str(job)}


def test_what_is_unreviewed_or_loaded_from_elsewhere_runs_without_a_token(workflows: list[Path]) -> None:
    found = [find_secrets(path.read_text(encoding="utf-8")) for path in workflows]
    assert set().union(*found) == {"propose", "release", "push"}


@pytest.mark.skipif(os.name == "nt", reason="projects are developed where make is")
@pytest.mark.parametrize("manager", CHOICES["package_manager"])
def test_a_release_is_pushed_for_every_platform_with_its_version_and_attestations(
    rendered: Render, manager: str
) -> None:
    words = ["push", "TAG=ghcr.io/team/reader:0.1.0", "METADATA=metadata.json"]
    command = run(["make", "--dry-run", *words], rendered(nearest("package_manager", manager)))
    assert command.startswith('docker buildx build --push --tag "ghcr.io/team/reader:0.1.0"')
    assert f"--platform {','.join(FACTS['_architectures'].values())} " in command
    assert '--label org.opencontainers.image.version="0.1.0"' in command
    assert "--sbom=true --provenance=mode=max --metadata-file" in command


def test_what_a_release_scans_is_the_image_that_was_built(rendered: Render) -> None:
    project = rendered(DEFAULTS)
    workflow = yaml.safe_load((project / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))
    scan = workflow["jobs"]["scan"]["steps"][-1]["with"]
    assert scan["image"] == compose["services"]["service"]["image"]
    assert (scan["only-fixed"], scan["severity-cutoff"]) == (True, "high")
    assert workflow["jobs"]["push"]["needs"] == ["test", "scan"]
