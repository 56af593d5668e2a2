"""The image that a first Dockerfile would make of the same service: the full base image, one stage, pip."""

from collections.abc import Iterable
from typing import NamedTuple

from image import docker
from image.layers import BASE_NAME, Image, ImageError
from image.packages import Package, find_python, list_packages

METHOD = "one stage, pip install"
# Byte code, pip's cache and all that pip itself is stay in it, because nobody says otherwise.
DOCKERFILE = """\
FROM {base}
LABEL {label}="{base}"
WORKDIR /app
RUN --mount=type=secret,id=ca_bundle --mount=type=secret,id=netrc \\
    if [ -s /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi; \\
    if [ -s /run/secrets/netrc ]; then export NETRC=/run/secrets/netrc; fi; \\
    pip install {requirements}
COPY . .
ENV PYTHONPATH=/app/src
CMD ["python", "-m", "service"]
"""


class Naive(NamedTuple):
    """The naive image: its base, and the bytes of that and above it."""

    base_name: str
    base_size: int
    added: int

    @property
    def size(self) -> int:
        """Return the bytes of the image."""
        return self.base_size + self.added


def write_dockerfile(python: str, packages: Iterable[Package]) -> str:
    """Return the naive Dockerfile; the packages are those of the image, in the same versions."""
    requirements = sorted(f"{package.name}=={package.version}" for package in packages if package.version)
    return DOCKERFILE.format(base=f"python:{python}", label=BASE_NAME, requirements=" ".join(requirements))


def build_naive(name: str, image: Image, secrets: Iterable[str]) -> Naive:
    """Build the naive image, take its size, and leave none behind.

    Raises `ImageError` when that cannot be; Docker has said why by then.
    """
    python = find_python(image)
    tag = f"{name}:naive"
    dockerfile = write_dockerfile(python, list_packages(image))
    if not docker.build(tag, dockerfile, image.platform, secrets):
        raise ImageError(f"python:{python} could not be pulled, or the packages not be installed in it")
    try:
        return measure(f"python:{python}", docker.list_history(tag))
    finally:
        docker.remove(tag)


def measure(base_name: str, history: list[tuple[str, int]]) -> Naive:
    """Return the sizes that a history tells, the last step first; the label is the first of ours.

    A copy of the whole image, which would say the same, takes its gigabyte once more on the disk.
    """
    (border,) = (number for number, (instruction, _) in enumerate(history) if BASE_NAME in instruction)
    added = sum(size for _, size in history[:border])
    return Naive(base_name, sum(size for _, size in history[border:]), added)
