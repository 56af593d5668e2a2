"""What changes on a model volume: `<name>/<number>/`, and `<name>/.pinned` with the number to serve."""

from pathlib import Path

from service import staging
from service.errors import ModelError
from service.model_files import ModelVersion
from service.model_repository import NAME, VERSION, find_names, find_versions
from service.settings import Settings

DEFAULT_NAME = ""
PINNED = ".pinned"


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version of every model, smallest first."""
    repository = settings.model_repository
    return [
        ModelVersion(name, version, repository / name / version)
        for name in find_names(repository)
        for version in find_versions(repository / name)
    ]


def add(settings: Settings, source: Path, name: str, version: str | None) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number."""
    repository = settings.model_repository
    if not NAME.fullmatch(name):
        raise ModelError(f"{name!r} cannot name a model: use letters, digits, hyphens, dots and underscores")
    numbers = [int(found.version) for found in list_versions(settings) if found.name == name]
    version = version or str(max(numbers, default=0) + 1)
    added = ModelVersion(name, version, repository / name / version)
    if not VERSION.fullmatch(version) or added.directory.exists():
        raise ModelError(f"{name} cannot have a new version {version}: use a number that is not there yet")
    with staging.staged(repository) as directory:
        staging.stage(source, directory / version, settings)
        staging.publish(directory / version, added.directory)
    return added


def use(settings: Settings, found: ModelVersion, *, follow_latest: bool) -> None:
    """Pin a version, or serve the largest number from now on."""
    pin = found.directory.parent / PINNED
    if follow_latest:
        pin.unlink(missing_ok=True)
    else:
        staging.replace_text(pin, f"{found.version}\n", settings.model_repository)


def remove(settings: Settings, found: ModelVersion) -> None:
    """Remove a version, and the pin if it names it."""
    pin = found.directory.parent / PINNED
    if pin.is_file() and pin.read_text().strip() == found.version:
        pin.unlink()
    staging.remove(found.directory, settings.model_repository)
