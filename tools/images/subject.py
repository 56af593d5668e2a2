"""An image that is measured: what it is built from and how it is started."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from measured import MeasurementError
from project import ask, free_port, run

PATIENCE = 60  # seconds for a container to answer
# Whose an image is: the lesson's, this template's, or this template's with something left out.
LESSON, OURS, NO_BYTE_CODE = "lesson", "template", "no byte code"


@dataclass(frozen=True)
class Subject:
    """One image, and what is done with it."""

    name: str
    title: str
    kind: str
    dockerfile: Path
    directory: Path
    base: str
    code: Path
    example: bytes
    live: str = "/health"
    arguments: tuple[str, ...] = ()  # of the build
    options: tuple[str, ...] = ()  # of the container
    command: tuple[str, ...] = ()  # in place of the image's own
    token: str = field(default_factory=lambda: f"{time.time_ns():x}")

    @property
    def image(self) -> str:
        """Return the image's name."""
        return f"bench-{self.name}"

    def build(self, *options: str, caches: str = "") -> None:
        """Build the image.

        The caches of package managers belong to this subject and this name alone, so that it is known what
        is in them. Raises `CommandFailedError` with what Docker said.
        """
        text = self.dockerfile.read_text(encoding="utf-8")
        text = keep_caches_apart(text, f"{self.image}-{self.token}-{caches}")
        command = ["docker", "build", "--load", "--progress=plain", *self.arguments, *options, *secrets()]
        run([*command, "--tag", self.image, "--file", "-", "."], self.directory, stdin=trust(text))

    def change_code(self, number: int) -> None:
        """Add one line to the application."""
        with self.code.open("a", encoding="utf-8") as source:
            source.write(f"CHANGE_{number} = {time.time_ns()}\n")

    @contextmanager
    def started(self) -> Iterator["Started"]:
        """Start a container and remove it in the end."""
        port = free_port()
        publish = ["--publish", f"127.0.0.1:{port}:8000", "--no-healthcheck"]
        command = ["docker", "run", "--detach", *publish, *self.options, self.image, *self.command]
        container = run(command, self.directory).strip()
        try:
            began = run(["docker", "inspect", "--format={{.State.StartedAt}}", container], self.directory)
            seconds = datetime.fromisoformat(began.strip()).timestamp()
            yield Started(self, container, f"http://127.0.0.1:{port}", seconds)
        finally:
            run(["docker", "rm", "--force", container], self.directory)


@dataclass(frozen=True)
class Started:
    """A container since it was started."""

    subject: Subject
    container: str
    url: str
    began: float

    def wait_for(self, path: str, body: bytes | None = None) -> float:
        """Return the seconds from the start to the first answer with 200."""
        while time.time() < self.began + PATIENCE:
            try:
                if ask(self.url + path, body)[0] == 200:
                    return time.time() - self.began
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.005)
        log = run(["docker", "logs", "--tail=20", self.container], self.subject.directory)
        raise MeasurementError(
            f"{self.subject.image} did not answer {path} with 200 in {PATIENCE} s; its log ends with:\n{log}"
        )


def keep_caches_apart(dockerfile: str, prefix: str) -> str:
    """Return a Dockerfile whose cache mounts are shared with none that has another prefix."""
    mount = r"--mount=type=cache,(?:id=[^,\s]+,)?target=(\S+)"
    return re.sub(mount, rf"--mount=type=cache,id={prefix}\1,target=\1", dockerfile)


def trust(dockerfile: str) -> str:
    """Return a Dockerfile whose package managers trust the certificates that they are given, if any.

    The template's own Dockerfiles do so themselves; those of the lesson know nothing of such networks.
    """
    if not os.environ.get("CA_BUNDLE") or "id=ca_bundle" in dockerfile:
        return dockerfile
    mounts = r"(?m)^RUN ((?:--mount=\S+ )*)"
    variables = "PIP_CERT=/run/secrets/ca_bundle SSL_CERT_FILE=/run/secrets/ca_bundle"
    return re.sub(mounts, rf"RUN \1--mount=type=secret,id=ca_bundle export {variables}; ", dockerfile)


def secrets() -> list[str]:
    """Return the options with which a build gets the certificates to trust, if there are any."""
    bundle = os.environ.get("CA_BUNDLE")
    return [f"--secret=id=ca_bundle,src={bundle}"] if bundle else []
