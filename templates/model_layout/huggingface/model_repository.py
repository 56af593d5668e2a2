"""Which model of the volume is served: from a Hugging Face hub cache, or one snapshot, read without the hub.

A cache holds `models--<org>--<name>/{blobs,refs,snapshots}`. The files of a snapshot are links to blobs.
A blob is named by its SHA-256 or, if it is small, by the SHA-1 that git gives it.
"""

import hashlib
import os
import re
from pathlib import Path

from service.errors import ModelError
from service.model_files import (
    CHECKSUMS,
    ModelVersion,
    list_directories,
    printable,
    require_file,
    require_model,
    require_on_volume,
    verify_files,
)
from service.model_runtime import FILE_NAME
from service.settings import Settings

PREFIX = "models--"
COMMIT = re.compile(r"[0-9a-f]{40}")
WEIGHTS = f"*{Path(FILE_NAME).suffix}"
BLOB = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")


def find(settings: Settings) -> ModelVersion:
    """Find the snapshot in the settings: `latest` is the ref `main`; else a ref or a commit.

    Raises `ModelError` if it is not there, and `OSError` if the volume cannot be read.
    """
    repository = settings.model_repository
    names = find_names(repository)
    if not names:
        require_snapshot(repository)
        return ModelVersion(settings.model_name or "model", "1", find_file(repository, settings))
    name = settings.model_name or names[0]
    if name not in names or (len(names) > 1 and not settings.model_name):
        raise ModelError(f"{repository} holds {', '.join(names)}: set MODEL_NAME to one of them")
    model = repository / directory_name(name)
    commit = find_commit(model, settings.model_version)
    return ModelVersion(name, commit, find_file(model / "snapshots" / commit, settings))


def verify(found: ModelVersion, settings: Settings) -> None:
    """Verify the blobs of a snapshot by their names, and a model that is no blob by a `SHA256SUMS`."""
    model = settings.model_repository / directory_name(found.name)
    blobs, verified = Path(os.path.realpath(model / "blobs")), set()
    for path in sorted((model / "snapshots" / found.version).rglob("*")):
        target = Path(os.path.realpath(path))
        if target.parent == blobs and BLOB.fullmatch(target.name):
            require_file(path, settings.model_repository)
            if take_digest(path, len(target.name)) != target.name:
                raise ModelError(f"{printable(path)} is damaged or was changed: download the snapshot again")
            verified.add(path)
        elif path.exists():
            require_on_volume(path, settings.model_repository)
    if found.file not in verified or os.path.lexists(found.directory / CHECKSUMS):
        verify_files(found.file, settings)


def take_digest(path: Path, length: int) -> str:
    """Return the SHA-256 of a file, or the SHA-1 that git gives it, whichever has this length."""
    with path.open("rb") as file:
        if length == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        header = f"blob {os.fstat(file.fileno()).st_size}\0".encode()
        return hashlib.file_digest(file, lambda: hashlib.sha1(header, usedforsecurity=False)).hexdigest()


def find_names(repository: Path) -> list[str]:
    """Return the names of the models in a cache: `models--org--name` is `org/name`."""
    directories = [name for name in list_directories(repository) if name.startswith(PREFIX)]
    return [name.removeprefix(PREFIX).replace("--", "/", 1) for name in directories if name.isprintable()]


def directory_name(name: str) -> str:
    """Return the name of a model's directory in a cache."""
    return PREFIX + name.replace("/", "--")


def require_snapshot(repository: Path) -> None:
    """Raise `ModelError` unless the volume, which is no cache, can be one snapshot."""
    hub = repository / "hub"
    if hub.is_dir() and find_names(hub):
        raise ModelError(f"{hub} is the hub cache: mount that directory, or set MODEL_REPOSITORY={hub}")
    if not any(repository.rglob(WEIGHTS)):
        raise ModelError(f"{repository} holds no model: put models--ORG--NAME of a hub cache there")


def find_file(snapshot: Path, settings: Settings) -> Path:
    """Return the path of the model's file in a snapshot."""
    file = snapshot / (settings.model_file or FILE_NAME)
    there = [path for path in snapshot.rglob(WEIGHTS) if "/." not in str(path.relative_to(snapshot.parent))]
    others = sorted(there, key=lambda path: path.name != FILE_NAME)
    if others and not os.path.lexists(file):
        place = others[0].relative_to(snapshot)
        raise ModelError(f"{file} is missing, but there is {place}: set MODEL_FILE={place}")
    require_model(file, settings.model_repository)
    return file


def find_commit(model: Path, policy: str) -> str:
    """Return the commit that a ref names, or a commit itself, or the only one if there is no ref `main`."""
    commits = find_commits(model)
    if not commits:
        raise ModelError(f"{model} holds no snapshot: download the model again, or set another MODEL_NAME")
    wanted = "main" if policy == "latest" else policy
    ref = model / "refs" / wanted
    commit = commits[0] if policy == "latest" and len(commits) == 1 else wanted
    if os.path.lexists(ref):
        require_file(ref, model.parent)
        commit = ref.read_text(errors="replace").strip()
    if commit not in commits:
        raise ModelError(
            f"{model} has no snapshot for {wanted} but {', '.join(commits)}: set MODEL_VERSION to one of them"
        )
    return commit


def find_commits(model: Path) -> list[str]:
    """Return the commits of a model that have a snapshot."""
    try:
        return list(filter(COMMIT.fullmatch, list_directories(model / "snapshots")))
    except FileNotFoundError:
        return []
