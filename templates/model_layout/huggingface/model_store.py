"""Changes of a model volume: snapshots of a hub cache, and the refs that name them.

A snapshot that is added holds its files and a list of their checksums, as a hub cache does on systems
without links; its commit is made from that list, so the same files are the same snapshot.
"""

import hashlib
import re
from pathlib import Path

from service import staging
from service.errors import ModelError
from service.model_files import CHECKSUMS, ModelVersion
from service.model_repository import directory_name, find, find_commits, find_names, verify
from service.model_runtime import FILE_NAME
from service.settings import Settings

NAME = re.compile(r"\w+([.-]\w+)*(/\w+([.-]\w+)*)?")


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every snapshot of every model."""
    repository = settings.model_repository
    names, file = find_names(repository), settings.model_file or FILE_NAME
    if not names and (repository / file).exists():
        return [find(settings)]
    return [
        ModelVersion(name, commit, repository / directory_name(name) / "snapshots" / commit / file)
        for name in names
        for commit in find_commits(repository / directory_name(name))
    ]


def choose_name(settings: Settings) -> str:
    """Return the name that is set, or that of the only model."""
    names = sorted({found.name for found in list_versions(settings)})
    if settings.model_name or len(names) == 1:
        return settings.model_name or names[0]
    there = ", ".join(names) or "no model yet"
    raise ModelError(f"{settings.model_repository} holds {there}: name the model with --name (make: NAME=)")


def add(settings: Settings, source: Path) -> ModelVersion:
    """Copy a model to the cache as a new snapshot, and let `main` name it."""
    repository, name = settings.model_repository, choose_name(settings)
    if settings.model_file not in {None, FILE_NAME}:
        raise ModelError(f"MODEL_FILE is {settings.model_file}: a model is added at the top, so leave it out")
    if not find_names(repository) and (repository / FILE_NAME).exists():
        raise ModelError(f"{repository} is one snapshot itself: give a cache a volume of its own")
    if not NAME.fullmatch(name):
        raise ModelError(f"{name!r} cannot name a model: use NAME or ORG/NAME, with single hyphens")
    model = repository / directory_name(name)
    with staging.staged(repository) as directory:
        staging.stage(source, directory / "new", settings)
        checksums = (directory / "new" / CHECKSUMS).read_bytes()
        commit = hashlib.sha1(checksums, usedforsecurity=False).hexdigest()
        added = ModelVersion(name, commit, model / "snapshots" / commit / FILE_NAME)
        commits = find_commits(model)
        if len(commits) == 1 and not (model / "refs" / "main").exists():  # with two, none would be served
            set_main(model, commits[0], repository)
        if commit in commits:
            verify(added, settings)
        else:
            staging.publish(directory / "new", added.directory)
    use(settings, added)
    return added


def use(settings: Settings, found: ModelVersion) -> None:
    """Let `main` name a snapshot."""
    set_main(settings.model_repository / directory_name(found.name), found.version, settings.model_repository)


def use_latest(_: Settings) -> None:
    """Raise `ModelError`, because no snapshot is the latest."""
    raise ModelError("snapshots have no order: choose one that `list` shows")


def set_main(model: Path, commit: str, repository: Path) -> None:
    """Write the ref `main` as huggingface_hub does, without a line end."""
    with staging.replacing(model / "refs" / "main", repository) as ref:
        staging.write(ref, commit)


def remove(settings: Settings, found: ModelVersion) -> None:
    """Remove a snapshot, the refs that name it, and the blobs that no other snapshot needs."""
    model = settings.model_repository / directory_name(found.name)
    snapshot = model / "snapshots" / found.version
    blobs = find_blobs(snapshot)
    for ref in (model / "refs").rglob("*"):
        if ref.is_file() and ref.read_text().strip() == found.version:
            ref.unlink()
    staging.remove(snapshot, settings.model_repository)
    for blob in blobs - find_blobs(model / "snapshots"):
        (model / "blobs" / blob).unlink(missing_ok=True)


def find_blobs(directory: Path) -> set[str]:
    """Return the names of the blobs that links below a directory lead to."""
    return {link.readlink().name for link in directory.rglob("*") if link.is_symlink()}
