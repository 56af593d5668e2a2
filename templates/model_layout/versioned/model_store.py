"""Changes of a model volume: `<name>/<number>/`, and `<name>/.pinned` with the number to serve."""

from pathlib import Path

from service import staging
from service.errors import ModelError
from service.model_files import ModelVersion
from service.model_repository import NAME, VERSION, find_names, find_versions
from service.model_runtime import FILE_NAME
from service.settings import Settings

PINNED = ".pinned"


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version of every model, smallest first."""
    repository = settings.model_repository
    return [
        ModelVersion(name, version, repository / name / version / FILE_NAME)
        for name in find_names(repository)
        for version in find_versions(repository / name)
    ]


def choose_name(settings: Settings) -> str:
    """Return the name that is set, or that of the only model."""
    names = find_names(settings.model_repository)
    if settings.model_name or len(names) == 1:
        return settings.model_name or names[0]
    there = ", ".join(names) or "no model yet"
    raise ModelError(f"{settings.model_repository} holds {there}: name the model with --name (make: NAME=)")


def add(settings: Settings, source: Path, version: str | None = None) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number."""
    repository, name = settings.model_repository, choose_name(settings)
    if not NAME.fullmatch(name):
        raise ModelError(f"{name!r} cannot name a model: use letters, digits, hyphens, dots and underscores")
    numbers = map(int, find_versions(repository / name))
    version = version or str(max(numbers, default=0) + 1)
    added = ModelVersion(name, version, repository / name / version / FILE_NAME)
    if not VERSION.fullmatch(version) or added.directory.exists():
        raise ModelError(f"{name} cannot have a new version {version}: use a number that is not there yet")
    with staging.staged(repository) as directory:
        staging.stage(source, directory / version, settings)
        staging.publish(directory / version, added.directory)
    return added


def use(settings: Settings, found: ModelVersion) -> None:
    """Pin a version."""
    with staging.replacing(found.directory.parent / PINNED, settings.model_repository) as pin:
        staging.write(pin, f"{found.version}\n")


def use_latest(settings: Settings) -> None:
    """Remove the pin, so that the largest number is served."""
    (settings.model_repository / choose_name(settings) / PINNED).unlink(missing_ok=True)


def remove(settings: Settings, found: ModelVersion) -> None:
    """Remove a version, and the pin if it names it."""
    pin = found.directory.parent / PINNED
    if pin.is_file() and pin.read_text().strip() == found.version:
        pin.unlink()
    staging.remove(found.directory, settings.model_repository)
