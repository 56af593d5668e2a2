"""What is on the model volume: `<name>/<number>/<file>`, as Triton and TensorFlow Serving have it."""

import os
import re
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import checksums
from service.volume.checksums import Expected
from service.volume.files import read_word, require_file
from service.volume.model_version import ModelVersion

NAME = re.compile(r"\w+([.-]{1,2}\w+)*")
# A plain number; anything else, such as a copy under way in `.tmp-3`, is not a version.
VERSION = re.compile(r"[1-9][0-9]*")
# Holds the number that `python -m service.models use` has pinned; Triton and TensorFlow Serving ignore it.
PIN = ".pinned"


def find(settings: Settings) -> ModelVersion:
    """Find the version that the version policy picks: the pinned one, or the largest number.

    Raises `ModelError` when there is none, and `OSError` when the volume cannot be read.
    """
    directory = settings.model_repository / (settings.model_name or find_name(settings.model_repository))
    versions = find_versions(directory)
    if not versions:
        wanted = directory / "1" / FILE_NAME
        raise ModelError(
            f"{directory} holds no version of a model: put one at {wanted}, or set another MODEL_NAME"
        )
    version = pick(versions, settings.model_version, directory)
    require_file(directory / version, FILE_NAME, settings.model_repository)
    return ModelVersion(directory.name, version, directory / version)


def list_files(found: ModelVersion, repository: Path) -> list[Expected]:
    """Return every file of a version with its checksum; raises `ModelError` if they do not fit together."""
    return checksums.list_expected(found.directory, FILE_NAME, repository)


def verify(found: ModelVersion, repository: Path) -> None:
    """Check every file of a version; raises `ModelError` with the first that is not as it was meant."""
    checksums.verify(list_files(found, repository), repository)


def find_name(repository: Path) -> str:
    """Return the name of the only model there is."""
    names = find_names(repository)
    if len(names) == 1:
        return names[0]
    if names:
        raise ModelError(f"{repository} holds the models {', '.join(names)}: set MODEL_NAME to one of them")
    wanted = repository / "NAME" / "1" / FILE_NAME
    raise ModelError(f"{repository} holds no model: put one at {wanted}, for any name")


def find_names(repository: Path) -> list[str]:
    """Return the names of the models that have a version."""
    directories = [entry for entry in repository.iterdir() if NAME.fullmatch(entry.name) and entry.is_dir()]
    return sorted(directory.name for directory in directories if find_versions(directory))


def find_versions(directory: Path) -> list[str]:
    """Return the versions of a model, smallest first; none if there is no such directory."""
    try:
        entries = list(directory.iterdir())
    except FileNotFoundError:
        return []
    versions = [entry.name for entry in entries if VERSION.fullmatch(entry.name) and entry.is_dir()]
    return sorted(versions, key=int)


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version of every model, smallest first."""
    repository = settings.model_repository
    return [
        ModelVersion(name, version, repository / name / version)
        for name in find_names(repository)
        for version in find_versions(repository / name)
    ]


def pick(versions: list[str], policy: str, directory: Path) -> str:
    """Return the version that is asked for; for `latest`, the pinned one or the largest number.

    Raises `ModelError` if it is not there.
    """
    pinned = policy == "latest" and os.path.lexists(directory / PIN)
    if policy == "latest" and not pinned:
        return versions[-1]
    version = read_word(directory / PIN, directory.parent) if pinned else policy
    if version in versions:
        return version
    remedy = f"remove {directory / PIN}" if pinned else "set MODEL_VERSION to one of them or to latest"
    raise ModelError(f"{directory} has no version {version} but {', '.join(versions)}: {remedy}")
