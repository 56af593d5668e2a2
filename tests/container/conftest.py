"""Images built by the rendered Dockerfiles, one for each base image."""

import hashlib
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
from answers import CHOICES, Answers, nearest
from project import CommandFailedError, Project, docker_answers, render

CELLS = [nearest("base_image", base) for base in CHOICES["base_image"]]
every_base = pytest.mark.parametrize("answers", CELLS)
IMAGES = "template-test-"
PYTHON = "/opt/venv/bin/python"
Build = Callable[[Answers], Project]


@pytest.fixture(autouse=True, scope="session")
def engine() -> Iterator[None]:
    """Skip where no Docker engine answers, or fail where one was promised; leave no image behind."""
    if not docker_answers():
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail("REQUIRE_DOCKER=1, but no Docker engine answers")
        pytest.skip("no Docker engine answers")
    yield
    listing = ["docker", "images", "--quiet", f"--filter=reference={IMAGES}*"]
    images = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False)


@pytest.fixture(autouse=True, scope="module")
def room(engine: None) -> Iterator[None]:
    """Free what builds have left once it is more than BUILD_CACHE_LIMIT, for machines with a small disk."""
    yield
    limit = os.environ.get("BUILD_CACHE_LIMIT")
    if limit:
        prune = ["docker", "buildx", "prune", "--force", f"--max-used-space={limit}"]
        subprocess.run(prune, capture_output=True, check=True)


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Render answers and build their image, each once."""

    @cache
    def build_once(answers: frozenset[tuple[str, str]]) -> Project:
        chosen = dict(answers)
        words = ("base_image", "package_manager", "model_layout", "model_volume", "model_runtime", "tracing")
        slug = IMAGES + "-".join(chosen[word] for word in words)
        path = render(chosen | {"project_slug": slug}, tmp_path_factory.mktemp("build"))
        project = Project(path)
        project.compose("build")
        return project

    return lambda answers: build_once(frozenset(answers.items()))


@contextmanager
def exported(image: str) -> Iterator[tarfile.TarFile]:
    """Give every file in an image."""
    container = subprocess.run(
        ["docker", "create", image, "none"], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        export = subprocess.run(["docker", "export", container], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(export)) as archive:
            yield archive
    finally:
        subprocess.run(["docker", "rm", container], capture_output=True, check=True)


def list_files(image: str) -> set[str]:
    """Return the path of every file in an image."""
    with exported(image) as archive:
        return set(archive.getnames())


def write_sums(directory: Path) -> None:
    """Write the `SHA256SUMS` of a directory with one ONNX file."""
    with (directory / "model.onnx").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    (directory / "SHA256SUMS").write_text(f"{digest}  model.onnx\n")


@pytest.fixture
def project(build: Build, answers: Answers) -> Project:
    """The project with these answers; its image is built."""
    return build(answers)


@pytest.fixture
def volume(project: Project, tmp_path: Path) -> Path:
    """A copy of the project's model volume, to be spoilt."""
    return Path(shutil.copytree(project.path / "models", tmp_path / "models"))


def read_example(project: Project) -> tuple[list[str], str, str]:
    """Return what the README says under "Run it": the commands to start, the question, the answer."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    section = re.search(r"## Run it\n(.*?)\n## ", readme, re.DOTALL)[1]
    *commands, curl, answer = re.findall(r"^    (.*)$", section, re.MULTILINE)
    return commands, curl.replace("localhost:8000", f"localhost:{project.port}"), answer


def last_words(project: Project, **environment: str) -> str:
    """Start a container that must fail, and return its last line."""
    with pytest.raises(CommandFailedError) as caught:
        project.compose("run", "--rm", "--no-TTY", "service", **environment)
    headline, *output = str(caught.value).strip().splitlines()
    assert headline.endswith("ended with 1:")
    assert "Traceback" not in str(caught.value)
    return output[-1]


def execute(project: Project, code: str) -> str:
    """Run Python code in the running container."""
    return project.compose("exec", "--no-TTY", "service", PYTHON, "-c", code).strip()


def python_beside(project: Project, *arguments: str) -> list[str]:
    """Return a command that runs a script from its input, with these arguments.

    It runs in another container of the same image and network, so that nothing stands between the two.
    """
    command = ["docker", "run", "--rm", "--interactive", f"--network={project.image}_default"]
    return [*command, f"--entrypoint={PYTHON}", project.image, "-", *arguments]
