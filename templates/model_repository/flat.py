"""What is on the model volume: one model, its files at the root, as KServe mounts it.

`python -m service.models` keeps older versions in `.versions` and makes the files at the root links to one
of them, as Kubernetes does with its ConfigMaps; a volume that holds plain files is as good.
"""

import re
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import checksums
from service.volume.checksums import Expected
from service.volume.files import require_file
from service.volume.model_version import ModelVersion

CURRENT = ".current"
VERSIONS = ".versions"
NOBODYS = checksums.NOBODYS | {CURRENT, VERSIONS}
VERSION = re.compile(r"[1-9][0-9]*")
DEFAULT_NAME = "model"


def find(settings: Settings) -> ModelVersion:
    """Find the model; its version is a number, or the beginning of its checksum if it has no number.

    Raises `ModelError` when there is none, and `OSError` when the volume cannot be read.
    """
    repository, name = settings.model_repository, settings.model_name or DEFAULT_NAME
    if settings.model_version != "latest":
        return find_pinned(repository, name, settings.model_version)
    directory = require_file(repository, FILE_NAME, repository)
    if directory.parent.name == VERSIONS:
        return ModelVersion(name, directory.name, repository / VERSIONS / directory.name)
    sums = checksums.read(repository / checksums.FILE_NAME, repository)
    return ModelVersion(name, sums.get(FILE_NAME, "")[:12], repository)


def list_files(found: ModelVersion, repository: Path) -> list[Expected]:
    """Return every file of a version with its checksum; raises `ModelError` if they do not fit together."""
    return checksums.list_expected(found.directory, FILE_NAME, repository, NOBODYS)


def verify(found: ModelVersion, repository: Path) -> None:
    """Check every file of a version; raises `ModelError` with the first that is not as it was meant."""
    checksums.verify(list_files(found, repository), repository)


def find_pinned(repository: Path, name: str, version: str) -> ModelVersion:
    """Return the version with this number."""
    numbers = find_numbers(repository)
    if version not in numbers:
        there = f"only {', '.join(numbers)}" if numbers else "no numbered version at all"
        raise ModelError(f"{repository} has no version {version} but {there}: set MODEL_VERSION to latest")
    directory = repository / VERSIONS / version
    require_file(directory, FILE_NAME, repository)
    return ModelVersion(name, version, directory)


def find_numbers(repository: Path) -> list[str]:
    """Return the numbers of the versions that are kept, smallest first."""
    try:
        entries = list((repository / VERSIONS).iterdir())
    except FileNotFoundError:
        return []
    numbers = [entry.name for entry in entries if VERSION.fullmatch(entry.name) and entry.is_dir()]
    return sorted(numbers, key=int)


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version that is kept, or the one that lies there without a number."""
    repository, name = settings.model_repository, settings.model_name or DEFAULT_NAME
    numbers = find_numbers(repository)
    if not numbers and (repository / FILE_NAME).exists():
        return [find(settings)]
    return [ModelVersion(name, number, repository / VERSIONS / number) for number in numbers]
