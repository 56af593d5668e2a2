"""Changing what is on the model volume: `<name>/<number>/`, a number for each version, a file for the pin."""

from pathlib import Path

from service.errors import ModelError
from service.volume import listed_files, staging
from service.volume.model_repository import NAME, PIN, VERSION, find_names, find_versions, verify
from service.volume.model_version import ModelVersion
from service.volume.staging import Prove

# Whether a volume holds several models, each by its name.
HAS_NAMES = True


def add(repository: Path, source: Path, name: str | None, version: str | None, prove: Prove) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number.

    Raises `ModelError` if the version is there already, or if the model does not prove itself.
    """
    clear(repository)
    name = name or choose_name(repository)
    if not NAME.fullmatch(name):
        raise ModelError(f"{name!r} cannot name a model: use letters, digits, hyphens, dots and underscores")
    versions = find_versions(repository / name)
    version = version or str(int(versions[-1] if versions else 0) + 1)
    if not VERSION.fullmatch(version):
        raise ModelError(f"version {version!r} is no plain number: use one, or leave it out for the next")
    if (repository / name / version).exists():
        raise ModelError(f"{repository / name / version} is there already: choose another number")
    with staging.staged(repository) as directory:
        new = directory / version
        new.mkdir(mode=0o755)
        listed_files.copy(source, new, prove)
        if (repository / name).exists():
            staging.publish(new, repository / name / version)
        else:
            staging.publish(directory, repository / name)
    return ModelVersion(name, version, repository / name / version)


def choose_name(repository: Path) -> str:
    """Return the name of the only model there is, which need not be said."""
    names = find_names(repository)
    if not names:
        raise ModelError(f"{repository} holds no model yet: say with --name what the first is called")
    if len(names) > 1:
        raise ModelError(f"{repository} holds the models {', '.join(names)}: say with --name which is meant")
    return names[0]


def use(repository: Path, name: str | None, version: str) -> ModelVersion:
    """Pin a version, which is then served whatever others there are; `latest` removes the pin."""
    clear(repository)
    directory = repository / (name or choose_name(repository))
    versions = find_versions(directory)
    if version == "latest" and versions:
        (directory / PIN).unlink(missing_ok=True)
        return ModelVersion(directory.name, versions[-1], directory / versions[-1])
    if not versions:
        raise ModelError(f"{directory} holds no version of a model: add one first")
    if version not in versions:
        raise ModelError(
            f"{directory} has no version {version} but {', '.join(versions)}: use one of them, or latest"
        )
    found = ModelVersion(directory.name, version, directory / version)
    verify(found, repository)
    staging.replace_text(directory / PIN, f"{version}\n", repository)
    return found


def clear(repository: Path) -> None:
    """Remove what commands that were killed have left; a version itself appears in one step."""
    for left in staging.find_left(repository):
        staging.remove(left)
