"""docs/gitlab.md: GitLab accepts its pipeline, which does what a project's workflows for GitHub do."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from answers import DEFAULTS, FACTS, TEMPLATE
from pages import read_blocks, select
from project import CommandFailedError, run
from render.renderer import render_in_memory

[TEXT] = select(read_blocks("gitlab.md"), "yaml")
PIPELINE = yaml.safe_load(TEXT)
PROJECT = render_in_memory(DEFAULTS)
# What GitLab calls otherwise, and where the service is heard.
OTHERWISE = {
    "CI_COMMIT_TAG": "GITHUB_REF_NAME",
    "$CI_REGISTRY_IMAGE": "$image",
    " ADDRESS=docker:8000": "",
}


def validate(path: Path, text: str) -> None:
    """Check a pipeline against the schema that GitLab publishes."""
    path.write_text(text, encoding="utf-8")
    run(["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(path)], path.parent)


def test_gitlab_accepts_the_pipeline(tmp_path: Path) -> None:
    validate(tmp_path / ".gitlab-ci.yml", TEXT)


@pytest.mark.parametrize(
    "wrong", [("interruptible: true", "interruptible: 1"), ("stage: scan", "stages: scan")]
)
def test_a_pipeline_that_gitlab_would_refuse_is_found(tmp_path: Path, wrong: tuple[str, str]) -> None:
    assert TEXT.count(wrong[0]) == 1
    with pytest.raises(CommandFailedError, match="Schema validation errors"):
        validate(tmp_path / ".gitlab-ci.yml", TEXT.replace(*wrong))


def scripts() -> Iterator[str]:
    """Return the commands of every job."""
    for job in PIPELINE.values():
        if isinstance(job, dict):
            yield from job.get("script", [])


def test_every_make_target_is_one_of_the_projects() -> None:
    targets = re.findall(r"(?m)^([a-z-]+):", PROJECT["Makefile"].decode())
    asked = {found for command in scripts() for found in re.findall(r"\bmake ([a-z-]+)", command)}
    assert asked
    assert asked <= {*targets}


@pytest.mark.parametrize(
    ("workflow", "job", "name"),
    [
        ("ci", "check", "check"),
        ("ci", "image", "build"),  # GitLab keeps `image` for itself
        ("release", "scan", "scan"),
        ("release", "push", "push"),
    ],
)
def test_a_job_runs_the_commands_that_it_runs_on_github(workflow: str, job: str, name: str) -> None:
    steps = yaml.safe_load(PROJECT[f".github/workflows/{workflow}.yml"])["jobs"][job]["steps"]
    commands = [line.strip() for step in steps for line in step.get("run", "").splitlines()]
    here = "\n".join(PIPELINE[name]["script"])
    for gitlab, github in OTHERWISE.items():
        here = here.replace(gitlab, github)
    # GitLab knows the name of the image, in lower case.
    wanted = [command for command in commands if not command.startswith("image=")]
    assert [line for line in here.splitlines() if line in wanted] == wanted != []


def test_a_release_is_stopped_by_the_vulnerabilities_that_stop_it_on_github() -> None:
    steps = yaml.safe_load(PROJECT[".github/workflows/release.yml"])["jobs"]["scan"]["steps"]
    [scan] = [step["with"] for step in steps if step.get("uses", "").startswith("anchore/scan-action")]
    [command] = [command for command in PIPELINE["scan"]["script"] if "grype" in command]
    assert scan["only-fixed"]
    assert command.endswith(f"{scan['image']} --only-fixed --fail-on {scan['severity-cutoff']}")


def test_versions_are_those_of_the_table_and_every_image_has_a_tag() -> None:
    page = (TEMPLATE / "docs" / "gitlab.md").read_text(encoding="utf-8")
    assert f"uv=={FACTS['_tools']['uv']}" in TEXT
    assert f"poetry=={FACTS['_tools']['poetry']}" in page
    jobs = [job for job in PIPELINE.values() if isinstance(job, dict)]
    images = {image for job in jobs for image in [job.get("image"), *job.get("services", [])] if image}
    assert f"python:{DEFAULTS['python_version']}-trixie" in images
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]+", image) for image in images)
    ran = re.findall(r"docker run .*? (\w+/\S+)", TEXT)
    assert len(ran) == 2
    assert all(re.search(r":\S*v\d+\.\d+\.\d+$", image) for image in ran)
