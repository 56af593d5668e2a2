"""Changing what is on the model volume: blobs first, then a snapshot of links to them, then the ref."""

import hashlib
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.volume import checksums, staging
from service.volume.model_repository import (
    DEFAULT_REF,
    directory_name,
    find_commits,
    find_names,
    pick,
    require_one,
    verify,
)
from service.volume.model_version import ModelVersion
from service.volume.staging import Prove


def add(repository: Path, source: Path, name: str | None, version: str | None, prove: Prove) -> ModelVersion:
    """Copy a model to the cache as a new snapshot, and let a ref name it: `main` unless another is given.

    The commit is a digest of names and contents, so the same files are the same snapshot. Raises
    `ModelError` if the model does not prove itself.
    """
    if not find_names(repository) and (repository / FILE_NAME).exists():
        raise ModelError(f"{repository} is one snapshot itself: give a cache a volume of its own")
    name, ref = name or choose_name(repository), version or DEFAULT_REF
    if "/" in ref:
        raise ModelError(f"{ref!r} cannot name a revision: use letters, digits, hyphens and dots")
    model = repository / directory_name(name)
    with staging.staged(repository) as directory:
        commit = stage(source, directory)
        staging.prove(prove, directory / "snapshots" / commit, source)
        if model.exists():
            new = find_new(directory, model, commit, ref)
            try:
                merge(directory, model, commit)
                use_commit(repository, name, commit, ref)
            except OSError:
                give_back(new, model / "refs" / ref, commit)
                raise
        else:
            (directory / "refs").mkdir(mode=0o755)
            staging.write_durably(directory / "refs" / ref, commit)
            staging.publish(directory, model)
    return ModelVersion(name, commit, model / "snapshots" / commit)


def stage(source: Path, directory: Path) -> str:
    """Lay a model out as a cache does; return its commit."""
    files = directory / "files"
    files.mkdir()
    staging.copy(source, files, FILE_NAME)
    listing = (files / checksums.FILE_NAME).read_bytes()
    commit = hashlib.sha1(listing, usedforsecurity=False).hexdigest()
    (directory / "blobs").mkdir(mode=0o755)
    snapshot = directory / "snapshots" / commit
    snapshot.mkdir(mode=0o755, parents=True)
    for file_name, digest in checksums.read(files / checksums.FILE_NAME, directory).items():
        (files / file_name).rename(directory / "blobs" / digest)
        (snapshot / file_name).symlink_to(f"../../blobs/{digest}")
    (files / checksums.FILE_NAME).unlink()
    files.rmdir()
    return commit


def find_new(directory: Path, model: Path, commit: str, ref: str) -> list[Path]:
    """Return all that a staged revision will bring into a model and that is not there yet."""
    blobs = [model / "blobs" / blob.name for blob in (directory / "blobs").iterdir()]
    refs = [model / "refs" / DEFAULT_REF, model / "refs" / ref]
    parts = [model / "blobs", model / "snapshots", model / "refs"]
    return [path for path in [*parts, *blobs, model / "snapshots" / commit, *refs] if not path.exists()]


def give_back(new: list[Path], ref: Path, commit: str) -> None:
    """Take back a revision that was not added to its end, unless the ref leads to it already."""
    if ref not in new and ref.read_text(encoding="utf-8") == commit:
        return
    for path in new:
        if path.exists():
            staging.remove(path)


def merge(directory: Path, model: Path, commit: str) -> None:
    """Bring blobs and snapshot into a model that the cache has already."""
    for part in ("blobs", "snapshots", "refs"):
        (model / part).mkdir(mode=0o755, exist_ok=True)
    for blob in (directory / "blobs").iterdir():
        blob.replace(model / "blobs" / blob.name)
    staging.flush(model / "blobs")
    commits = find_commits(model)
    if len(commits) == 1 and not (model / "refs" / DEFAULT_REF).exists():
        # The only snapshot is served without a ref; beside another one it would not be.
        staging.replace_text(model / "refs" / DEFAULT_REF, commits[0], model)
    if commit not in commits:
        staging.publish(directory / "snapshots" / commit, model / "snapshots" / commit)


def choose_name(repository: Path) -> str:
    """Return the name of the only model there is, to which a snapshot is added without a word."""
    names = find_names(repository)
    if not names:
        raise ModelError(f"{repository} holds no model yet: say with --name what the first is called")
    return require_one(names, repository)


def use(repository: Path, name: str | None, version: str) -> ModelVersion:
    """Let `main` name a snapshot, given by its commit or by another ref."""
    name = name or require_one(find_names(repository), repository)
    model = repository / directory_name(name)
    if version in {"latest", DEFAULT_REF}:
        raise ModelError(f"{version} is what is served already: give a commit that `list` shows")
    commit = pick(model, find_commits(model), version)
    verify(ModelVersion(name, commit, model / "snapshots" / commit), repository)
    return use_commit(repository, name, commit, DEFAULT_REF)


def use_commit(repository: Path, name: str, commit: str, ref: str) -> ModelVersion:
    """Let a ref name a commit."""
    model = repository / directory_name(name)
    # No line end: huggingface_hub reads a ref as it is.
    staging.replace_text(model / "refs" / ref, commit, repository)
    return ModelVersion(name, commit, model / "snapshots" / commit)
