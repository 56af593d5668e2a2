"""Every pair of choices in a container: built, filled, started, asked, given another model, stopped."""

import json
import secrets
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from answers import CHOICES, DEFAULTS, FACTS, Answers, cover, nearest
from container.conftest import IMAGES, read_example
from project import CommandFailedError, Project, poetry_settings, render, run
from side_by_side import Results, side_by_side


def has_images(version: str) -> bool:
    """Whether the engine has the images of this Python; the default's may be pulled."""
    images = {facts["python_image"].replace("%s", version) for facts in FACTS["_base_images"].values()}
    found = [subprocess.run(["docker", "image", "inspect", image], capture_output=True) for image in images]
    return version == DEFAULTS["python_version"] or all(result.returncode == 0 for result in found)


PYTHONS = [version for version in CHOICES["python_version"] if has_images(version)]
CELLS = cover() if CHOICES["python_version"] == PYTHONS else cover(python_version=PYTHONS[0])


def render_anew(answers: Answers, directory: Path) -> Path:
    """Render a project whose name no other has on this engine."""
    return render(answers | {"project_slug": f"{IMAGES}choice-{secrets.token_hex(4)}"}, directory)


@contextmanager
def gone_afterwards(path: Path) -> Iterator[Project]:
    """Give a project of which nothing is left on the engine afterwards."""
    project = Project(path)
    try:
        yield project
    finally:
        project.compose("--profile", "models", "down", "--volumes", "--timeout", "1", "--rmi", "all")


@pytest.fixture
def project(tmp_path: Path, answers: Answers) -> Iterator[Project]:
    """A new project."""
    with gone_afterwards(render_anew(answers, tmp_path)) as project:
        yield project


def do(project: Project, command: str, **environment: str) -> str:
    """Run a command of the project's README."""
    settings = poetry_settings() | {"VIRTUAL_ENV": ""} | environment
    return run(["bash", "-ec", command], project.path, PORT=str(project.port), **settings)


def start(project: Project) -> None:
    """Do what the README says under "Run it", and see that it answers what it says there."""
    commands, curl, answer = read_example(project)
    for command in commands:
        do(project, command)
    given = do(project, curl)
    if answer.endswith("…"):
        assert given.startswith(answer.removesuffix("…"))
    else:
        assert given == answer


def image_id(project: Project) -> str:
    """Return the image that the service runs on."""
    return project.inspect("{{.Image}}")


def add_model(project: Project, answers: Answers) -> None:
    """Add the sample's files, with a note so that they are another version, as MODELS.md says."""
    (sums,) = (project.path / "models").rglob("SHA256SUMS")
    source = project.path.parent / "another"
    source.mkdir()
    for file in sums.parent.iterdir():
        if file.is_file() and file != sums:
            (source / file.name).write_bytes(file.read_bytes())
    (source / "notes.txt").write_text("another version\n")
    do(project, f"make add-model FILE={shlex.quote(str(source))}")
    assert "served" in do(project, "make list-models")
    if answers["model_volume"] == "image":
        do(project, "make fill")


def walk(project: Project, answers: Answers) -> str:
    """Do what the README says, to the end of the container; return its exit code."""
    start(project)
    status, before = project.get("/health")
    assert (status, before["state"]) == (200, "ready")
    image = image_id(project)

    add_model(project, answers)
    project.compose("up", "--detach", "--wait", "--force-recreate")
    status, after = project.get("/health")
    assert (status, after["state"]) == (200, "ready")
    assert after["model"]["version"] != before["model"]["version"]
    assert image_id(project) == image, "the service was built anew"
    assert project.predict()

    project.compose("stop")
    return project.inspect("{{.State.ExitCode}}")


@pytest.fixture(scope="module")
def walks(
    engine: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Results]:
    """Walk through the projects of all selected answers."""

    def begin(answers: Answers) -> Callable[[], str]:
        path = render_anew(answers, tmp_path_factory.mktemp("choice"))

        def to_its_end() -> str:
            with gone_afterwards(path) as project:
                return walk(project, answers)

        return to_its_end

    with side_by_side(request.session, test_a_project_does_what_its_readme_says, begin) as results:
        yield results


@pytest.mark.parametrize("answers", CELLS)
def test_a_project_does_what_its_readme_says(walks: Results, answers: Answers) -> None:
    assert walks(answers).result() == "0"


def run_python(project: Project, *arguments: str) -> str:
    """Run Python in a container of the service, beside those that run."""
    entrypoint = "--entrypoint=/opt/venv/bin/python"
    return project.compose("run", "--rm", "--no-TTY", entrypoint, "service", *arguments)


@pytest.mark.parametrize("answers", [nearest("model_volume", volume) for volume in CHOICES["model_volume"]])
def test_containers_share_a_volume_and_none_can_write_there(project: Project, answers: Answers) -> None:
    start(project)
    with pytest.raises(CommandFailedError, match="Read-only file system"):
        run_python(project, "-c", "open('/models/here', 'w')")
    assert run_python(project, "-m", "service.models", "list").endswith("  served\n")
    assert project.predict()


@pytest.mark.parametrize("answers", [nearest("model_volume", volume) for volume in CHOICES["model_volume"]])
def test_the_workflow_of_a_project_runs(project: Project, answers: Answers, tmp_path: Path) -> None:
    workflow = yaml.safe_load((project.path / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["image"]["steps"]
    summary = tmp_path / "summary.md"
    said = [do(project, step["run"], GITHUB_STEP_SUMMARY=str(summary)) for step in steps if "run" in step]
    assert FACTS["_samples"]["digits"]["answer"] in "".join(said)
    assert summary.read_text(encoding="utf-8").startswith(f"# The image {project.image}\n")


@pytest.mark.parametrize("answers", [nearest("model_volume", "named")])
def test_an_empty_named_volume_is_filled_by_the_user_of_the_container(
    project: Project, answers: Answers
) -> None:
    project.compose("build")
    with pytest.raises(CommandFailedError, match="holds no model"):
        project.compose("run", "--rm", "--no-TTY", "service")
    do(project, "make fill")
    owner = run_python(project, "-c", "import os; print(os.stat('/models').st_uid, os.getuid())")
    assert owner.splitlines()[-1] == "65532 65532"


@pytest.mark.parametrize("answers", [nearest("model_volume", "image")])
def test_a_model_image_holds_the_files_under_models_and_takes_a_base_with_a_shell(project: Project) -> None:
    base = FACTS["_base_images"]["alpine"]["python_image"].replace("%s", DEFAULTS["python_version"])
    tag = f"{project.image}-models"
    command = f"docker build --quiet --build-arg BASE={base} --file model.Dockerfile --tag {tag} models"
    do(project, command)
    found = do(project, f"docker run --rm {tag} sh -c 'cd /models && find . -type f | xargs stat -c %a:%n'")
    sample = FACTS["_model_runtimes"][DEFAULTS["model_runtime"]]["sample"]
    assert f"644:./{sample}/1/SHA256SUMS" in found.split()


@pytest.mark.parametrize("answers", [nearest("model_layout", "flat")])
def test_a_flat_model_may_be_mounted_where_kserve_mounts_it(project: Project) -> None:
    project.compose("build")
    port = f"--publish=127.0.0.1:{project.port}:8000"
    volume = f"--volume={project.path / 'models'}:/mnt/models:ro"
    options = ["--detach", "--read-only", "--tmpfs=/tmp", "--env=MODEL_REPOSITORY=/mnt/models", port, volume]
    container = run(["docker", "run", *options, project.image], project.path).strip()
    try:
        project.wait_ready()
        assert project.predict() == json.loads(FACTS["_samples"]["digits"]["answer"])
    finally:
        run(["docker", "rm", "--force", container], project.path)
