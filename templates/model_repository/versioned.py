"""What is on the model volume: `<name>/<number>/<file>`, as Triton and TensorFlow Serving have it."""

import re
from dataclasses import dataclass
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings

# A plain number; anything else, such as a copy under way in `.tmp-3`, is not a version.
VERSION = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True)
class ModelVersion:
    """One version of a model, and where its file lies."""

    name: str
    version: str
    file: Path


def find(settings: Settings) -> ModelVersion:
    """Find the file of the version that the version policy picks.

    Raises `ModelError` when there is none, and `OSError` when the volume cannot be read.
    """
    directory = settings.model_repository / settings.model_name
    versions = find_versions(directory)
    if not versions:
        wanted = directory / "1" / FILE_NAME
        raise ModelError(f"{directory} holds no version of a model: put one at {wanted}, or set MODEL_NAME")
    version = pick(versions, settings.model_version, directory)
    file = directory / version / FILE_NAME
    if not exists(file):
        raise ModelError(f"{file} is missing: copy the model there, or remove the directory {file.parent}")
    return ModelVersion(settings.model_name, version, file)


def find_versions(directory: Path) -> list[str]:
    """Return the versions of a model, smallest first; none if there is no such directory."""
    try:
        entries = list(directory.iterdir())
    except FileNotFoundError:
        return []
    versions = [entry.name for entry in entries if VERSION.fullmatch(entry.name) and entry.is_dir()]
    return sorted(versions, key=int)


def pick(versions: list[str], policy: str | int, directory: Path) -> str:
    """Return the largest version, or the pinned one."""
    if policy == "latest":
        return versions[-1]
    if str(policy) in versions:
        return str(policy)
    raise ModelError(
        f"{directory} has no version {policy} but {', '.join(versions)}: "
        "set MODEL_VERSION to one of them or to latest"
    )


def exists(file: Path) -> bool:
    """Whether there is something at this path; unlike `Path.exists`, it does not hide a denied permission."""
    try:
        file.stat()
    except FileNotFoundError:
        return False
    return True
