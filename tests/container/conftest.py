"""Images built by the rendered Dockerfiles, each once for all tests that need it."""

import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, EVERYTHING, Answers, nearest
from project import Project, docker_answers, render, run

CELLS = [nearest("base_image", base) for base in CHOICES["base_image"]]
LAYOUTS = [nearest("model_layout", layout) for layout in CHOICES["model_layout"]]
MANAGERS = [nearest("package_manager", manager) for manager in CHOICES["package_manager"]]
ALL_CAPABILITIES = DEFAULTS | EVERYTHING
every_base = pytest.mark.parametrize("answers", CELLS, scope="module")
every_layout = pytest.mark.parametrize("answers", LAYOUTS)
every_manager = pytest.mark.parametrize("answers", MANAGERS)
default = pytest.mark.parametrize("answers", [DEFAULTS])
# Several runs at once do not share their images.
IMAGES = f"template-test-{os.getpid()}-"
PYTHON = "/opt/venv/bin/python"
# What the builds of one module may need, in bytes of disk.
ROOM = 6_000_000_000
Build = Callable[[Answers], Project]


@pytest.fixture(autouse=True, scope="session")
def engine() -> Iterator[None]:
    """Skip where no Docker engine answers, or fail where one was promised; leave nothing behind on it."""
    if not docker_answers():
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail("REQUIRE_DOCKER=1, but no Docker engine answers")
        pytest.skip("no Docker engine answers")
    yield
    # By name: an image of the same content may bear another run's name as well.
    listing = ["docker", "images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={IMAGES}*"]
    images = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False)
    listing = ["docker", "network", "ls", "--quiet", f"--filter=name={IMAGES}"]
    networks = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "network", "rm", *networks], capture_output=True, check=False)


@pytest.fixture(autouse=True, scope="module")
def room(engine: None) -> None:
    """Once the engine's disk is short, free what earlier builds have left beyond BUILD_CACHE_LIMIT."""
    if limit := os.environ.get("BUILD_CACHE_LIMIT"):
        root = run(["docker", "info", "--format={{.DockerRootDir}}"], Path()).strip()
        if shutil.disk_usage(root).free < ROOM:
            run(["docker", "buildx", "prune", "--force", f"--max-used-space={limit}"], Path())


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Render answers and build their image, each once."""

    @cache
    def build_once(answers: frozenset[tuple[str, str]]) -> Project:
        chosen = dict(answers)
        changed = [value for option, value in sorted(chosen.items()) if value != DEFAULTS[option]]
        slug = IMAGES + ("-".join(changed).replace(".", "-") or "defaults")
        project = Project(render(chosen | {"project_slug": slug}, tmp_path_factory.mktemp("build")))
        project.compose("build")
        return project

    return lambda answers: build_once(frozenset(answers.items()))


@pytest.fixture
def project(build: Build, answers: Answers) -> Project:
    """The project with these answers; its image is built."""
    return build(answers)


@pytest.fixture
def volume(project: Project, tmp_path: Path) -> Path:
    """A copy of the project's model volume, to be spoilt."""
    return Path(shutil.copytree(project.path / "models", tmp_path / "models"))


def copy_project(project: Project, directory: Path, name: str) -> Project:
    """Copy a project, under another name for its image and containers."""
    ignored = shutil.ignore_patterns(".venv", ".env")
    copy = Project(Path(shutil.copytree(project.path, directory / f"{IMAGES}{name}", ignore=ignored)))
    compose = copy.path / "compose.yaml"
    text = compose.read_text(encoding="utf-8").replace(f'"{project.image}"', f'"{copy.image}"')
    compose.write_text(text, encoding="utf-8")
    return copy


@contextmanager
def exported(image: str) -> Iterator[tarfile.TarFile]:
    """Give every file in an image."""
    container = run(["docker", "create", image, "none"], Path()).strip()
    try:
        export = subprocess.run(["docker", "export", container], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(export)) as archive:
            yield archive
    finally:
        run(["docker", "rm", container], Path())


@contextmanager
def container_of(project: Project, *options: str) -> Iterator[str]:
    """Run the image with `docker run` and give the container; it has the project's models and port."""
    volume = f"--volume={project.path / 'models'}:/models:ro"
    command = ["docker", "run", "--detach", "--read-only", "--tmpfs=/tmp", volume]
    command += [f"--publish=127.0.0.1:{project.port}:8000", *options, project.image]
    container = run(command, project.path).strip()
    try:
        yield container
    finally:
        run(["docker", "rm", "--force", container], project.path)


def run_to_its_end(project: Project, *arguments: str, **settings: object) -> tuple[int, list[str]]:
    """Run the service, which must end by itself; return the exit code and the lines that it logs."""
    command = ["docker", "compose", "run", "--rm", "--no-TTY", "service", *arguments]
    with project.settings(**settings):
        result = subprocess.run(command, cwd=project.path, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in result.stderr
    return result.returncode, [line for line in result.stderr.splitlines() if line]


def last_words(project: Project, **settings: object) -> str:
    """Run a service that cannot start, and return the error that it logs."""
    code, lines = run_to_its_end(project, **settings)
    assert code == 1, lines
    (error,) = (line for line in lines if " ERROR " in line)
    return error


def check_budget(report: str) -> float:
    """See that an image keeps within its budget, and that this is near; return megabytes above the base."""
    above, budget = (float(size) for size in re.findall(r"([\d.]+) MB", report)[:2])
    assert above < budget < above * 1.35, "run `make image-megabytes`"
    return above


def execute(project: Project, code: str) -> str:
    """Run Python code in the running container."""
    return project.compose("exec", "--no-TTY", "service", PYTHON, "-c", code).strip()


def resident_megabytes(project: Project) -> float:
    """Return the memory that the service's process holds for itself."""
    status = Path(f"/proc/{project.inspect('{{.State.Pid}}')}/status").read_text(encoding="utf-8")
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024
