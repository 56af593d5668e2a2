"""A generated project as its users meet it: rendered, started with compose, asked, stopped.

The demo, the benchmark and the container tests all go through here.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
# What a render needs of the template.
PARTS = ("cookiecutter.json", "judge_answers.py", "hooks", "templates", "{{cookiecutter.project_slug}}")

Answers = dict[str, str]
Found = TypeVar("Found")


class CommandFailedError(RuntimeError):
    """A command of a generated project failed; the message holds what it printed."""


def render(answers: Answers, directory: Path, *, hooks: bool = True, template: Path = TEMPLATE) -> Path:
    """Render a template into a directory without prompts and return the project's path."""
    path = cookiecutter(
        str(template),
        no_input=True,
        extra_context=dict(answers),
        output_dir=str(directory),
        accept_hooks=hooks,
        default_config=True,
    )
    return Path(path)


def copy_template(target: Path) -> Path:
    """Copy what a render needs of the template into a new directory, and return it."""
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
    target.mkdir(parents=True)
    for name in PARTS:
        if (TEMPLATE / name).is_dir():
            shutil.copytree(TEMPLATE / name, target / name, ignore=ignore)
        else:
            shutil.copy(TEMPLATE / name, target)
    return target


def run(command: list[str], cwd: Path, *, stdin: str | None = None, **environment: str) -> str:
    """Run a command to its end and return what it prints; raise `CommandFailedError` if it fails."""
    # A project's make is no part of the one that may run this: it would print directories, for example.
    inherited = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    result = subprocess.run(
        command,
        cwd=cwd,
        env=inherited | environment,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CommandFailedError(f"`{' '.join(command)}` ended with {result.returncode}:\n{result.stdout}")
    return result.stdout


def commit(project: Path, message: str) -> str:
    """Commit everything in a directory, a repository from now on, and return the commit."""
    run(["git", "init", "--quiet", "--initial-branch=main"], project)
    run(["git", "add", "--all"], project)
    somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    run(["git", *somebody, "commit", "--quiet", "--no-gpg-sign", "--message", message], project)
    return run(["git", "rev-parse", "HEAD"], project).strip()


def contents(directory: Path) -> dict[str, bytes]:
    """Return the content of every file below a directory, but not of git's own."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    names = {path.relative_to(directory).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".git/")}


def poetry_settings() -> dict[str, str]:
    """Have Poetry ask the simple index, as pip and uv do: what stands in for PyPI may have nothing else."""
    from poetry.repositories.pypi_repository import PyPiRepository

    return {"POETRY_PYPI_MIRROR_URL": PyPiRepository().url}


def make(target: str, project: Path, python: str) -> str:
    """Make a target as a project's owner does, with this version of Python, and return what is printed."""
    # pip and Poetry look for Python on the PATH, and uv in more places.
    found = Path(run(["uv", "python", "find", python], project).strip())
    path = f"{os.environ['PATH']}:{found.parent}"
    settings = {"VIRTUAL_ENV": "", "PATH": path, **poetry_settings()}
    return run(["make", target], project, **settings)


def docker_answers() -> bool:
    """Whether a Docker engine can be asked from here."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(
    condition: Callable[[], Found],
    seconds: float = 60,
    explain: Callable[[], object] = str,
    pause: float = 0.01,
) -> Found:
    """Wait until a condition holds and return what it found; raise `TimeoutError` if that takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s {explain()}")
        time.sleep(pause)
    return found


@dataclass
class Project:
    """A rendered project and the one service that its compose file starts."""

    path: Path
    port: int = field(default_factory=free_port)

    @property
    def image(self) -> str:
        """The name of the project's image, and of its compose project."""
        return self.path.name

    def compose(self, *arguments: str, **environment: str) -> str:
        """Run `docker compose` as a user would in the project's directory."""
        return run(["docker", "compose", *arguments], self.path, HOST_PORT=str(self.port), **environment)

    @contextmanager
    def settings(self, **settings: object) -> Iterator[dict[str, str]]:
        """Have these settings in `.env`, through which they reach the container; give them as text."""
        file, texts = self.path / ".env", {name: str(value) for name, value in settings.items()}
        if texts:
            file.write_text("".join(f"{name}={text}\n" for name, text in texts.items()), encoding="utf-8")
        try:
            yield texts
        finally:
            if texts:
                file.unlink(missing_ok=True)

    def up(self, *arguments: str) -> None:
        """Start the service with `docker compose up`, and wait until it is ready."""
        self.compose("up", "--detach", *arguments)
        self.wait_ready(self.container())

    @contextmanager
    def started(self, *arguments: str, **settings: object) -> Iterator["Project"]:
        """Start the service with `docker compose up`, and take everything down in the end."""
        with self.settings(**settings) as texts:
            try:
                self.compose("up", "--detach", *arguments, **texts)
                yield self
            finally:
                self.compose("down", "--volumes", "--timeout", "0", **texts)

    @contextmanager
    def running(self, *arguments: str, **settings: object) -> Iterator["Project"]:
        """Do the same, and wait until the service is ready."""
        with self.started(*arguments, **settings):
            self.wait_ready(self.container())
            yield self

    def remove(self) -> None:
        """Remove the project's containers, its volume and the images that it built."""
        self.compose("--profile", "models", "down", "--volumes", "--timeout", "0")
        run(["docker", "image", "rm", "--force", self.image, f"{self.image}-models"], self.path)

    def container(self, service: str = "service") -> str:
        """Return the id of a service's container, running or not."""
        return self.compose("ps", "--all", "--quiet", service).strip()

    def inspect(self, format_: str, service: str = "service") -> str:
        """Return a fact about the container, as `docker inspect` gives it."""
        return run(["docker", "inspect", "--format", format_, self.container(service)], self.path).strip()

    def address(self, service: str = "service") -> str:
        """Return the address of a running container in one of its networks; ours listens on port 8000."""
        return self.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", service).split()[0]

    def example(self) -> str:
        """Return the body of the example request."""
        return (self.path / "examples" / "predict.json").read_text(encoding="utf-8")

    def started_at(self) -> float:
        """Return when the container was started, in seconds since the epoch."""
        return datetime.fromisoformat(self.inspect("{{.State.StartedAt}}")).timestamp()

    def get(self, path: str) -> tuple[int, dict]:
        """Ask the service and return status and JSON body."""
        return ask(f"http://127.0.0.1:{self.port}{path}")

    def ask(self, path: str, body: bytes) -> dict:
        """Send a request that must be answered with 200, and return the answer."""
        status, answer = ask(f"http://127.0.0.1:{self.port}{path}", body)
        if status != 200:
            raise CommandFailedError(f"{path} answered {status}: {answer}")
        return answer

    def predict(self) -> dict:
        """Send the example request of the project and return the prediction."""
        return self.ask("/predict", self.example().encode())

    def wait_ready(self, container: str = "") -> None:
        """Wait until the service says that it is ready; fail with the log of its container once that ends."""
        for _ in range(60):
            with suppress(TimeoutError):
                wait_until(self.is_ready, seconds=1)
                return
            inspect = ["docker", "inspect", "--format={{.State.Status}}", container]
            if container and run(inspect, self.path) == "exited\n":
                break
        log = run(["docker", "logs", container], self.path) if container else ""
        raise CommandFailedError(f"{self.image} does not get ready\n{log}")

    def is_ready(self) -> bool:
        """Whether the service answers that it is ready."""
        try:
            return self.get("/health/ready")[0] == 200
        except OSError:
            return False


def ask(url: str, body: bytes | None = None) -> tuple[int, dict]:
    """Send one request and return status and JSON body, whatever the status is."""
    request = urllib.request.Request(url, body, {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
