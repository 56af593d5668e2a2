"""What is on the model volume: a Hugging Face hub cache, or one snapshot of it, read without the hub.

A cache holds `models--<org>--<name>/{blobs,refs,snapshots}`, where the files of a snapshot are links to blobs
that bear their own checksum for a name (huggingface_hub, "Understand caching"). Files that are no such links,
as in a snapshot that was copied by itself, are verified by a `SHA256SUMS` beside them.
"""

import hashlib
import os
import re
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings
from service.volume import checksums
from service.volume.checksums import Expected
from service.volume.files import follow_to_file, open_file, read_word, require_file, resolve
from service.volume.model_version import ModelVersion

PREFIX = "models--"
DEFAULT_NAME = "model"
DEFAULT_REF = "main"
# An organisation and a model of it, or a model alone.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,96}(/[A-Za-z0-9_.-]{1,96})?")
REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA1_LENGTH = 40
# A blob is named by its SHA-256, or if it is small by the SHA-1 that git gives it.
BLOB = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")
# What the hub's own client leaves in a snapshot that is no cache.
NOBODYS = checksums.NOBODYS | {".cache", ".gitattributes"}


class CachedFile(Expected):
    """A file of a snapshot, whose digest is the name of the blob that it is a link to."""

    def take_digest(self, volume: Path) -> str:
        """Return the digest that the content has, of the kind that the blob is named by."""
        if len(self.digest) != SHA1_LENGTH:
            return super().take_digest(volume)
        with open_file(self.path, volume) as file:
            header = f"blob {os.fstat(file.fileno()).st_size}\0".encode()  # git counts the size in
            return hashlib.file_digest(file, lambda: hashlib.sha1(header, usedforsecurity=False)).hexdigest()


def find(settings: Settings) -> ModelVersion:
    """Find the snapshot that the version policy picks: `latest` is the ref `main`; else a ref or a commit.

    Raises `ModelError` when there is none, and `OSError` when the volume cannot be read.
    """
    repository = settings.model_repository
    names = find_names(repository)
    if not names and (repository / FILE_NAME).exists():
        return find_snapshot(repository, settings.model_name or DEFAULT_NAME)
    name = settings.model_name or require_one(names, repository)
    model = repository / directory_name(name)
    commits = find_commits(model)
    if not commits:
        wanted = model / "snapshots" / "COMMIT" / FILE_NAME
        raise ModelError(
            f"{model} holds no snapshot of a model: put one at {wanted}, or set another MODEL_NAME"
        )
    commit = pick(model, commits, settings.model_version)
    directory = model / "snapshots" / commit
    require_file(directory, FILE_NAME, repository)
    return ModelVersion(name, commit, directory)


def find_snapshot(repository: Path, name: str) -> ModelVersion:
    """Return the snapshot that the volume itself is; its version is the beginning of its checksum."""
    sums = checksums.read(repository / checksums.FILE_NAME, repository)
    return ModelVersion(name, sums.get(FILE_NAME, "")[:12], repository)


def list_files(found: ModelVersion, repository: Path) -> list[Expected]:
    """Return every file of a snapshot with its checksum; raises `ModelError` if they do not fit together."""
    require_file(found.directory, FILE_NAME, repository)
    blobs = resolve(found.directory / ".." / ".." / "blobs")
    files = find_files(found.directory)
    targets = [follow_to_file(file, repository) for file in files]
    if any(target.parent != blobs or not BLOB.fullmatch(target.name) for target in targets):
        return checksums.list_expected(found.directory, FILE_NAME, repository, NOBODYS)
    return [
        CachedFile(file, target.name, "add the model or download the snapshot again")
        for file, target in zip(files, targets, strict=True)
    ]


def find_files(directory: Path) -> list[Path]:
    """Return every file below a directory, and every link; raise `OSError` if a part of it cannot be read."""
    walk = directory.walk(on_error=complain)
    return sorted(below / name for below, _, names in walk for name in names)


def complain(error: OSError) -> None:
    """Let it be known what cannot be read."""
    raise error


def verify(found: ModelVersion, repository: Path) -> None:
    """Check every file of a snapshot; raises `ModelError` with the first that is not as it was meant."""
    checksums.verify(list_files(found, repository), repository)


def directory_name(name: str) -> str:
    """Return the directory of a model in a cache: `org/name` becomes `models--org--name`."""
    return PREFIX + name.replace("/", "--")


def find_names(repository: Path) -> list[str]:
    """Return the names of the models in a cache."""
    directories = [entry.name for entry in repository.glob(f"{PREFIX}*") if entry.is_dir()]
    names = [name.removeprefix(PREFIX).replace("--", "/", 1) for name in directories]
    return sorted(name for name in names if NAME.fullmatch(name))


def require_one(names: list[str], repository: Path) -> str:
    """Return the name of the only model there is."""
    if len(names) == 1:
        return names[0]
    if names:
        raise ModelError(f"{repository} holds the models {', '.join(names)}: set MODEL_NAME to one of them")
    raise ModelError(
        f"{repository} holds no model: put a hub cache there (models--ORG--NAME), or a snapshot of it"
    )


def find_commits(model: Path) -> list[str]:
    """Return the commits of a model that have a snapshot; none if there is no such directory."""
    try:
        entries = list((model / "snapshots").iterdir())
    except FileNotFoundError:
        return []
    return sorted(entry.name for entry in entries if COMMIT.fullmatch(entry.name) and entry.is_dir())


def pick(model: Path, commits: list[str], policy: str) -> str:
    """Return the commit that a ref names, or a commit itself, or the only one if `main` is no ref."""
    wanted = DEFAULT_REF if policy == "latest" else policy
    only = commits[0] if policy == "latest" and len(commits) == 1 else wanted
    commit = read_ref(model, wanted) or only
    if commit in commits:
        return commit
    raise ModelError(
        f"{model} has no snapshot for {wanted} but {', '.join(commits)}: set MODEL_VERSION to one of them"
    )


def read_ref(model: Path, ref: str) -> str | None:
    """Return the commit that a ref names; none if there is no such ref."""
    path = model / "refs" / ref
    return read_word(path, model.parent) if path.is_file() else None


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every snapshot of every model."""
    repository = settings.model_repository
    names = find_names(repository)
    if not names and (repository / FILE_NAME).exists():
        return [find(settings)]
    return [
        ModelVersion(name, commit, repository / directory_name(name) / "snapshots" / commit)
        for name in names
        for commit in find_commits(repository / directory_name(name))
    ]
