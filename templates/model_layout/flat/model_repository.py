"""Which model of the volume is served: the one whose files are at its root, as KServe mounts it."""

import os
from pathlib import Path

from service.errors import ModelError
from service.model_files import CHECKSUMS, ModelVersion, read_checksums, require_model, verify_files
from service.model_runtime import FILE_NAME
from service.settings import Settings

DEFAULT_NAME = "model"
# The link by which Kubernetes changes all files of a ConfigMap or Secret at once.
DATA = "..data"


def find(settings: Settings) -> ModelVersion:
    """Find the model; its version is the beginning of its listed checksum, or 1 if there is no list.

    Raises `ModelError` if there is no model, and `OSError` if the volume cannot be read.
    """
    repository = settings.model_repository
    directory = find_directory(repository)
    require_model(directory / FILE_NAME, repository)
    version = find_version(directory, repository)
    if settings.model_version not in {"latest", version}:
        raise ModelError(
            f"{repository} holds version {version} and not {settings.model_version}: "
            "set MODEL_VERSION to latest, or put that version there"
        )
    return ModelVersion(settings.model_name or DEFAULT_NAME, version, directory / FILE_NAME)


def verify(found: ModelVersion, settings: Settings) -> None:
    """Raise `ModelError` unless the files match their checksums, if there are any."""
    verify_files(found.file, settings)


def find_directory(repository: Path) -> Path:
    """Return the directory that the files are in now: the link may lead elsewhere before all are read."""
    file = repository / FILE_NAME
    if file.is_symlink() and file.readlink().parts[0] == DATA:
        return repository / os.path.realpath(repository / DATA)
    return repository


def find_version(directory: Path, repository: Path) -> str:
    """Return the number of the directory that the link leads to, or else the beginning of the checksum."""
    if directory != repository and directory.name.isdecimal():
        return directory.name
    sums = directory / CHECKSUMS
    checksums = dict(read_checksums(sums, repository)) if os.path.lexists(sums) else {}
    return checksums.get(FILE_NAME, "1")[:12]
