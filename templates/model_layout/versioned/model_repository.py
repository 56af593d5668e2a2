"""Which model of the volume is served: `<name>/<number>/<file>`, as Triton and TensorFlow Serving have it."""

import re
from pathlib import Path

from service.errors import ModelError
from service.model_files import ModelVersion, list_directories, require_model, verify_files
from service.model_runtime import FILE_NAME
from service.settings import Settings

NAME = re.compile(r"\w+([.-]{1,2}\w+)*")
# A plain number; anything else, such as an unfinished copy in `.tmp-3`, is not a version.
VERSION = re.compile(r"[1-9][0-9]*")


def find(settings: Settings) -> ModelVersion:
    """Find the version in the settings, or the largest number; else raise `ModelError`."""
    repository = settings.model_repository
    name = settings.model_name or find_name(repository)
    directory = repository / name
    versions = find_versions(directory)
    if not versions:
        raise ModelError(f"{directory} holds no version of a model: put one at {directory / '1' / FILE_NAME}")
    version = settings.model_version
{% include "model_updates/" ~ cookiecutter.model_updates ~ "/pin_versioned.py" ignore missing %}
    if version == "latest":
        version = versions[-1]
    if version not in versions:
        there = ", ".join(versions)
        raise ModelError(f"{directory} has no version {version} but {there}: set MODEL_VERSION to one")
    require_model(directory / version / FILE_NAME, repository)
    return ModelVersion(name, version, directory / version / FILE_NAME)


def verify(found: ModelVersion, settings: Settings) -> None:
    """Raise `ModelError` unless the files match their checksums, if there are any."""
    verify_files(found.file, settings)


def find_name(repository: Path) -> str:
    """Return the name of the only model."""
    names = find_names(repository)
    if len(names) == 1:
        return names[0]
    if names:
        raise ModelError(f"{repository} holds the models {', '.join(names)}: set MODEL_NAME to one of them")
    raise ModelError(f"{repository} holds no model: put one at {repository / 'NAME' / '1' / FILE_NAME}")


def find_names(repository: Path) -> list[str]:
    """Return the names of the models that have a version."""
    names = [name for name in list_directories(repository) if NAME.fullmatch(name)]
    return [name for name in names if find_versions(repository / name)]


def find_versions(directory: Path) -> list[str]:
    """Return the versions of a model, smallest first; none if there is no such directory."""
    try:
        names = list_directories(directory)
    except FileNotFoundError:
        return []
    return sorted(filter(VERSION.fullmatch, names), key=int)
