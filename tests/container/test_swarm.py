"""docs/swarm.md: its stack file and its commands, on a swarm of one node and under load."""

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from answers import DEFAULTS
from container.conftest import IMAGES, PYTHON, Build
from pages import read_blocks, select
from project import Project, run, wait_until

pytestmark = pytest.mark.stress
CLIENTS = Path(__file__).with_name("swarm_clients.py").read_text(encoding="utf-8")
STACK = f"{IMAGES}swarm"
SERVICE, NETWORK = f"{STACK}_service", f"{STACK}_default"
(STACK_FILE,) = select(read_blocks("swarm.md"), "yaml")
DEPLOY, NEW_IMAGE, NEW_MODEL, SHOW_STATE, ROLL_BACK = select(read_blocks("swarm.md"), "sh")
MODELS = """
import http.client, json, socket
for *_, address in socket.getaddrinfo(NAME, 8000, socket.AF_INET, socket.SOCK_STREAM):
    connection = http.client.HTTPConnection(address[0], 8000, timeout=20)
    connection.request("GET", "/health/ready")
    print(json.load(connection.getresponse())["model"])
"""


def docker(*arguments: str) -> list[str]:
    """Return the lines that a command prints."""
    return run(["docker", *arguments], Path()).splitlines()


@pytest.fixture(scope="module")
def swarm(engine: None) -> Iterator[None]:
    """Make the engine a swarm of one node, unless it is part of a swarm already; one run at a time."""
    with (Path(tempfile.gettempdir()) / "template-test-swarm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if docker("info", "--format={{.Swarm.LocalNodeState}}") == ["active"]:
            yield
            return
        bridges = ["network", "ls", "--quiet", "--filter=name=^docker_gwbridge$"]
        before = docker(*bridges)
        docker("swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1")
        try:
            yield
        finally:
            docker("swarm", "leave", "--force")
            for bridge in set(docker(*bridges)) - set(before):
                docker("network", "rm", bridge)


class Stack:
    """The page's stack, with the names and paths of this run."""

    def __init__(self, project: Project, directory: Path) -> None:
        self.directory, self.image, self.example = directory, project.image, project.example()
        self.volume = directory / "volume"
        shutil.copytree(project.path / "models", self.volume)
        # What a team would have made meanwhile: version 2 of the model and of the image.
        shutil.copytree(self.volume / "digits" / "1", directory / "models" / "digits" / "2")
        docker("tag", self.image, f"{self.image}:1")
        build = ["docker", "build", "--label=release=2", f"--tag={self.image}:2", "-"]
        run(build, directory, stdin=f"FROM {self.image}:1\n")
        (directory / "stack.yaml").write_text(self.translate(STACK_FILE), encoding="utf-8")

    def translate(self, text: str) -> str:
        """Return what the page says, for this run."""
        text = text.replace("registry.example.com/model-service", self.image)
        return text.replace("/srv/models", str(self.volume)).replace("production", STACK)

    def do(self, commands: str) -> str:
        """Run commands of the page and wait until three replicas are left; return what is printed."""
        printed = run(["bash", "-ec", self.translate(commands)], self.directory)
        ps = ["service", "ps", "--no-trunc", SERVICE]
        wait_until(lambda: len(self.containers()) == 3, 120, lambda: docker(*ps), pause=0.2)
        return printed

    def containers(self, *options: str) -> list[str]:
        """Return the ids of the replicas that run; with `--all`, also of those that ran."""
        return docker("ps", "--quiet", f"--filter=label=com.docker.swarm.service.name={SERVICE}", *options)

    def releases(self) -> list[str]:
        """Return the label that tells one image from the other, of each replica."""
        return docker("inspect", '--format={{index .Config.Labels "release"}}', *self.containers())

    def exit_codes(self) -> set[str]:
        """Return the exit codes of the replicas that have stopped."""
        stopped = self.containers("--all", "--filter=status=exited")
        return set(docker("inspect", "--format={{.State.ExitCode}}", *stopped))

    def remove(self) -> None:
        """Remove the stack, without the patience that a stop has with clients."""
        running = self.containers()
        docker("stack", "rm", STACK)
        if running:
            docker("kill", *running)
        wait_until(lambda: not self.containers("--all"), 120, pause=0.2)

    @contextmanager
    def clients(self) -> Iterator["Clients"]:
        """Have clients ask all the while."""
        key = (self.directory / "api.key").read_text(encoding="utf-8").strip()
        command = ["run", "--detach", f"--network={NETWORK}", f"--entrypoint={PYTHON}", f"{self.image}:1"]
        (container,) = docker(*command, "-c", CLIENTS, SERVICE, key, self.example)
        try:
            clients = Clients(container)
            yield clients
            clients.stop()
        finally:
            docker("rm", "--force", container)


class Clients:
    """A container with clients, and in the end what became of their requests."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.result: dict[str, Any] = {}

    def models(self) -> list[str]:
        """Return the model that each replica serves to which the service's name leads."""
        return docker("exec", self.container, PYTHON, "-c", f"NAME = {SERVICE!r}{MODELS}")

    def stop(self) -> None:
        docker("stop", "-t", "60", self.container)
        self.result = json.loads("".join(docker("logs", self.container)))


@pytest.fixture(scope="module")
def stack(swarm: None, build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, deployed as the page says."""
    stack = Stack(build(DEFAULTS), tmp_path_factory.mktemp("swarm"))
    try:
        stack.do(DEPLOY)
        yield stack
    finally:
        stack.remove()


def test_rollouts_of_an_image_and_of_a_model_and_a_rollback_lose_no_request(stack: Stack) -> None:
    with stack.clients() as clients:
        assert clients.models() == ["digits/1"] * 3
        assert stack.releases() == [""] * 3
        stack.do(NEW_IMAGE)
        assert "rollback" not in stack.do(SHOW_STATE)
        assert stack.releases() == ["2"] * 3
        stack.do(NEW_MODEL)
        assert clients.models() == ["digits/2"] * 3
        stack.do(ROLL_BACK)
        assert clients.models() == ["digits/1"] * 3
        assert stack.releases() == ["2"] * 3
    assert clients.result["lost"] == []
    assert clients.result["answered"] > 1000
    assert clients.result["replicas"] == 3 * 4  # the first three, and those of each rollout
    assert stack.exit_codes() == {"0"}


def test_a_version_that_is_missing_is_rolled_back_and_no_request_is_lost(stack: Stack) -> None:
    missing = NEW_MODEL.splitlines()[-1].replace("MODEL_VERSION=2", "MODEL_VERSION=7")
    with stack.clients() as clients:
        assert "rolled back" in stack.do(missing)
        assert "rollback" in stack.do(SHOW_STATE)
        assert clients.models() == ["digits/1"] * 3
    assert clients.result["lost"] == []
    assert clients.result["answered"] > 100
