"""Every pair of choices in a container: built, filled, started, asked, given another version, stopped."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from answers import CHOICES, DEFAULTS, FACTS, Answers, cover, nearest
from container.conftest import IMAGES, PYTHON, check_budget
from project import (
    CommandFailedError,
    Project,
    docker_answers,
    make,
    poetry_settings,
    render,
    run,
    wait_until,
)
from side_by_side import Results, side_by_side
from stress import first_always

VOLUMES = [nearest("model_volume", volume) for volume in CHOICES["model_volume"]]
every_volume = pytest.mark.parametrize("answers", first_always(VOLUMES), scope="module")


def has_images(version: str) -> bool:
    """Whether the engine has the images of this Python, or may pull them, as it may for the default."""
    if version == DEFAULTS["python_version"] or os.environ.get("REQUIRE_PYTHONS") == "1":
        return True
    images = {facts["python_image"].replace("%s", version) for facts in FACTS["_base_images"].values()}
    inspect = ["docker", "image", "inspect", *images]
    return docker_answers() and subprocess.run(inspect, capture_output=True).returncode == 0


PYTHONS = [version for version in CHOICES["python_version"] if has_images(version)]
# What a deployment adds is tested by itself, and the dashboard is in no image.
LIMITS = {"deployment": ["compose"], "observability": ["metrics", "tracing"], "python_version": PYTHONS}
CELLS = cover(**LIMITS)


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
        project.remove()


@pytest.fixture
def project(tmp_path: Path, answers: Answers) -> Iterator[Project]:
    """A new project."""
    with gone_afterwards(render_anew(answers, tmp_path)) as project:
        yield project


def ask_make(project: Project, *words: str) -> str:
    """Make a target as the project's owner does."""
    settings = poetry_settings() | {"VIRTUAL_ENV": "", "HOST_PORT": str(project.port)}
    return run(["make", *words], project.path, **settings)


def start(project: Project, answers: Answers) -> None:
    """Fill the volume and start the service; see that it answers as the README of the sample says."""
    if FACTS["_model_volumes"][answers["model_volume"]]["fill"]:
        with pytest.raises(CommandFailedError, match="make fill"):
            ask_make(project, "up")
        ask_make(project, "fill")
    ask_make(project, "up")
    sample = FACTS["_model_runtimes"][answers["model_runtime"]]["sample"]
    answer = ask_make(project, "ask")
    assert answer.startswith(FACTS["_samples"][sample]["answer"].removesuffix("…"))


def served(project: Project) -> str:
    return project.get("/health/ready")[1]["model"]


def ask_for_tensors(project: Project) -> None:
    """Ask the model over the Open Inference Protocol, as the example of the project does."""
    body = (project.path / "examples" / "infer.json").read_bytes()
    name = served(project).rpartition("/")[0].replace("/", "%2F")
    answer = project.ask(f"/v2/models/{name}/infer", body)
    assert answer["outputs"][0]["data"]


def copy_version(project: Project, answers: Answers) -> None:
    """Copy another version of the model to the volume, and restart the service."""
    (sums,) = (project.path / "models").rglob("SHA256SUMS")
    old = sums.parent
    if answers["model_layout"] == "versioned":
        shutil.copytree(old, old.with_name("2"))
    elif answers["model_layout"] == "flat":
        sums.unlink()
    else:
        commit = "0123456789" * 4
        shutil.copytree(old, old.with_name(commit))
        (old.parents[1] / "refs").mkdir(exist_ok=True)
        (old.parents[1] / "refs" / "main").write_text(commit)
    if answers["model_volume"] == "named":
        model = f"{project.image}-models"
        fill = ["docker", "run", "--rm", "--user=0", f"--volume={model}:/models"]
        fill += [f"--volume={project.path / 'models'}:/new:ro", f"--entrypoint={PYTHON}", project.image, "-c"]
        code = "import shutil; shutil.copytree('/new', '/models', dirs_exist_ok=True)"
        if answers["model_layout"] == "flat":
            code += "; import os; os.unlink('/models/SHA256SUMS')"
        run([*fill, code], project.path)
    if answers["model_volume"] == "image":
        ask_make(project, "fill")
        project.up("--force-recreate")
    else:
        project.compose("restart")
        project.wait_ready(project.container())


def add_version(project: Project, answers: Answers) -> None:
    """Add another version with `make add-model` while the service answers."""
    (sums,) = (project.path / "models").rglob("SHA256SUMS")
    another = project.path.parent / "another"
    shutil.copytree(sums.parent, another, ignore=shutil.ignore_patterns("SHA256SUMS"))
    (another / "notes.txt").write_text("another version\n")
    before = served(project)
    ask_make(project, "add-model", f"FILE={another}")

    def is_served() -> bool:
        assert project.is_ready()
        return served(project) != before

    wait_until(is_served, 40, lambda: project.compose("logs", "service"), pause=0.2)


def change_model(project: Project, answers: Answers) -> None:
    """Put another file beside the language model, and name it in `.env`."""
    (old,) = (project.path / "models").rglob("model.gguf")
    shutil.copy(old, old.with_name("another.gguf"))
    file = old.with_name("another.gguf").relative_to(project.path / "models")
    (project.path / ".env").write_text(f"MODEL_FILE={file}\nMODEL_NAME=another\n")
    if FACTS["_model_volumes"][answers["model_volume"]]["fill"]:
        ask_make(project, "fill")
    ask_make(project, "up")


def walk(project: Project, answers: Answers) -> str:
    """Do what the README says, to the end of the container; return its exit code."""
    start(project, answers)
    # `make image-report` would install everything for development first.
    check_budget(run([sys.executable, "tools/image_report.py", project.image], project.path))
    if answers["api"] == "open-inference":
        ask_for_tensors(project)
    image, before = project.inspect("{{.Image}}"), served(project)
    if answers["model_updates"] == "live" and answers["model_volume"] != "image":
        if answers["model_volume"] == "bind":
            make("install", project.path, answers["python_version"])
        add_version(project, answers)
    elif answers["model_runtime"] == "llama-cpp":
        change_model(project, answers)
    else:
        copy_version(project, answers)
    assert served(project) != before
    assert project.inspect("{{.Image}}") == image, "the service was built anew"
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


@pytest.fixture(scope="module")
def workflow(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """Run what a project's workflow does with the image; give the project, which then runs, and the log."""
    with gone_afterwards(render_anew(answers, tmp_path_factory.mktemp("workflow"))) as project:
        file = project.path / ".github" / "workflows" / "ci.yml"
        steps = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]["image"]["steps"]
        commands = [step["run"].split() for step in steps if "run" in step]
        assert {command[0] for command in commands} == {"make"}
        yield project, "".join(ask_make(project, *words) for _, *words in commands)


@every_volume
def test_the_workflow_of_a_project_runs(workflow: tuple[Project, str]) -> None:
    _, log = workflow
    assert FACTS["_samples"]["digits"]["answer"] in log


@every_volume
def test_containers_share_a_volume_and_none_can_write_there(workflow: tuple[Project, str]) -> None:
    project, _ = workflow
    python = ["run", "--rm", "--no-TTY", f"--entrypoint={PYTHON}", "service", "-c"]
    with pytest.raises(CommandFailedError, match="Read-only file system"):
        project.compose(*python, "open('/models/here', 'w')")
    find = "from service import model_repository, settings; print(model_repository.find(settings.Settings()))"
    assert project.compose(*python, find).splitlines()[-1] == "digits/1"
    assert project.predict()


@pytest.mark.parametrize("answers", [nearest("model_volume", "image")])
def test_an_image_of_models_takes_a_base_with_a_shell(project: Project) -> None:
    base = FACTS["_base_images"]["alpine"]["python_image"].replace("%s", DEFAULTS["python_version"])
    tag = f"{project.image}-with-shell"
    command = ["docker", "build", "--quiet", f"--build-arg=BASE={base}", "--file=model.Dockerfile"]
    run([*command, f"--tag={tag}", "models"], project.path)
    listing = ["sh", "-c", "cd /models && find . -type f | xargs stat -c %a:%n"]
    found = run(["docker", "run", "--rm", tag, *listing], project.path)
    assert "644:./digits/1/model.onnx" in found.split()
