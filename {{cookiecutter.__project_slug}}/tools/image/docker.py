"""The few things that are asked of Docker; what it says while it builds goes to the terminal."""

import json
import subprocess
from collections.abc import Iterable
from typing import IO, cast

from image.layers import Image, ImageError, read_image


def load(name: str) -> Image:
    """Read an image of this machine.

    Raises `ImageError` when Docker does not answer, has no such image, or cannot give it whole.
    """
    require(name)
    # Without a tag, Docker would give every image of that name.
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    with subprocess.Popen(["docker", "image", "save", tagged], stdout=subprocess.PIPE) as process:
        return read_image(cast(IO[bytes], process.stdout))


def require(name: str) -> None:
    """Raise `ImageError` unless Docker answers and has an image of this name."""
    if not succeeds("version"):
        raise ImageError("Docker does not answer: start it, then try again")
    if not succeeds("image", "inspect", name):
        raise ImageError(f"there is no image {name}: run `make image` first")


def succeeds(*arguments: str) -> bool:
    """Whether Docker does this; what it says does not matter."""
    try:
        return subprocess.run(["docker", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def list_history(name: str) -> list[tuple[str, int]]:
    """Return the instructions that made an image and the bytes that each has added, the last one first."""
    command = ["docker", "history", "--human=false", "--no-trunc", "--format=json", name]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    steps = [json.loads(line) for line in lines]
    return [(step["CreatedBy"], int(step["Size"])) for step in steps]


def build(name: str, dockerfile: str, platform: str, secrets: Iterable[str]) -> bool:
    """Build an image of this directory, and say whether that went well; progress is visible."""
    options = [f"--secret={secret}" for secret in secrets]
    command = [
        "docker",
        "build",
        "--load",
        "--platform",
        platform,
        *options,
        "--tag",
        name,
        "--file",
        "-",
        ".",
    ]
    return subprocess.run(command, input=dockerfile.encode(), check=False).returncode == 0


def remove(name: str) -> None:
    """Take an image away; the build cache keeps its layers for the next time."""
    subprocess.run(["docker", "image", "rm", name], capture_output=True, check=False)
