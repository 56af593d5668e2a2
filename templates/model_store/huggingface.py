"""Changing what is on the model volume: blobs first, then a snapshot of links to them, then the ref."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.volume import checksums, staging, undo
from service.volume.model_repository import (
    BLOB,
    COMMIT,
    DEFAULT_REF,
    NAME,
    REF,
    directory_name,
    find_commits,
    find_files,
    find_names,
    list_files,
    read_ref,
    verify,
)
from service.volume.model_version import ModelVersion
from service.volume.staging import Prove

# Whether a volume holds several models, each by its name.
HAS_NAMES = True
PARTS = ("blobs", "snapshots", "refs")
Ref = Annotated[str, StringConstraints(pattern=f"^{REF.pattern}$")]
Commit = Annotated[str, StringConstraints(pattern=f"^{COMMIT.pattern}$")]
Blob = Annotated[str, StringConstraints(pattern=f"^({BLOB.pattern})$")]


class Note(BaseModel):
    """What is being added to a model that is there: the ref, the commit, and all that is new."""

    name: Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
    commit: Commit
    ref: Ref
    new_blobs: list[Blob]
    new_refs: list[Ref]


def add(repository: Path, source: Path, name: str | None, version: str | None, prove: Prove) -> ModelVersion:
    """Copy a model to the cache as a new snapshot, and let a ref name it: `main` unless another is given.

    The commit is a digest of names and contents, so the same files are the same snapshot. Raises
    `ModelError` if the model does not prove itself.
    """
    undo.take_back(repository, Note, give_back)
    if not find_names(repository) and (repository / FILE_NAME).exists():
        raise ModelError(f"{repository} is one snapshot itself: give a cache a volume of its own")
    name, ref = name or choose_name(repository), version or DEFAULT_REF
    if not NAME.fullmatch(name) or "--" in name:
        raise ModelError(f"{name!r} cannot name a model: use NAME or ORG/NAME, with single hyphens")
    if not REF.fullmatch(ref) or ref == "latest":
        raise ModelError(f"{ref!r} cannot name a revision: use another word, of letters, digits and .-_")
    model = repository / directory_name(name)
    with staging.staged(repository) as directory:
        new = directory / "model"
        commit = stage(source, new)
        staging.prove(prove, new / "snapshots" / commit, source, FILE_NAME)
        if commit in find_commits(model):
            mend_blobs(new, model, commit)
            require_same(new, ModelVersion(name, commit, model / "snapshots" / commit), repository)
            use_commit(repository, name, commit, ref)
        elif model.exists():
            with undo.noted(repository, take_note(new, model, name, commit, ref), give_back):
                merge(new, model, commit)
                use_commit(repository, name, commit, ref)
        else:
            (new / "refs").mkdir(mode=0o755)
            staging.write_durably(new / "refs" / ref, commit)
            staging.publish(new, model)
    return ModelVersion(name, commit, model / "snapshots" / commit)


def choose_files(source: Path) -> dict[str, Path]:
    """Return a file under the name that the model runtime looks for, or all files below a directory.

    Raises `ModelError` if a directory lacks that file, or one of its files has a name that cannot be listed.
    """
    if not source.is_dir():
        return {FILE_NAME: source}
    files = {path.relative_to(source).as_posix(): path for path in find_files(source)}
    files = {name: path for name, path in files.items() if "/." not in f"/{name}"}
    files.pop(checksums.FILE_NAME, None)  # the name of a blob is its checksum
    if FILE_NAME not in files:
        raise ModelError(f"{source} has no {FILE_NAME}: give the directory that holds it, or the file")
    odd = [name for name in files if not name.isprintable()]
    if odd:
        raise ModelError(f"{source} holds {odd[0]!r}, which is no plain name: give the file another")
    return files


def stage(source: Path, model: Path) -> str:
    """Lay a model out as a cache does; return its commit."""
    files = choose_files(source)
    for part in ("files", "blobs", "snapshots"):
        (model / part).mkdir(mode=0o755, parents=True)
    for name in files:
        (model / "files" / name).parent.mkdir(parents=True, exist_ok=True)
    digests = staging.copy(files, source, model / "files")
    listing = checksums.format_list(digests).encode()
    commit = hashlib.sha1(listing, usedforsecurity=False).hexdigest()
    for name, digest in digests.items():
        (model / "files" / name).rename(model / "blobs" / digest)
        link = model / "snapshots" / commit / name
        link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        link.symlink_to(f"../../{'../' * name.count('/')}blobs/{digest}")
    staging.remove(model / "files")
    return commit


def take_note(new: Path, model: Path, name: str, commit: str, ref: str) -> Note:
    """Note what a staged revision will bring into a model that is not there yet."""
    blobs, refs = [blob.name for blob in (new / "blobs").iterdir()], {ref, DEFAULT_REF}
    return Note(
        name=name,
        commit=commit,
        ref=ref,
        new_blobs=[blob for blob in blobs if not (model / "blobs" / blob).exists()],
        new_refs=[ref for ref in refs if not (model / "refs" / ref).exists()],
    )


def give_back(repository: Path, note: Note) -> None:
    """Take back a revision that was not added to its end, unless the ref names it already.

    A blob stays if another snapshot has come to need it, as a download by the hub's own client may have.
    """
    model = repository / directory_name(note.name)
    is_there = note.commit in find_commits(model)
    if is_there and read_ref(model, note.ref) == note.commit:
        return
    # Before the refs: with two snapshots and no `main`, nothing could be served.
    if is_there:
        staging.remove(model / "snapshots" / note.commit)
    for ref in note.new_refs:
        unlink(model / "refs" / ref)
    for blob in {*note.new_blobs} - find_needed(model / "snapshots"):
        unlink(model / "blobs" / blob)
    for part in PARTS:
        with suppress(OSError):  # if it is empty
            (model / part).rmdir()


def unlink(path: Path) -> None:
    """Remove a file, if it is there and where it would be is a directory."""
    with suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def find_needed(directory: Path) -> set[str]:
    """Return the names of the blobs that links below a directory lead to."""
    return {link.readlink().name for link in directory.rglob("*") if link.is_symlink()}


def mend_blobs(new: Path, model: Path, commit: str) -> None:
    """Put staged blobs in the place of those of a snapshot that is there, which may be damaged or gone."""
    staged = {blob.name for blob in (new / "blobs").iterdir()}
    needed = find_needed(model / "snapshots" / commit) & staged
    for name in needed:
        (new / "blobs" / name).replace(model / "blobs" / name)
    if needed:
        staging.flush(model / "blobs")


def require_same(new: Path, found: ModelVersion, repository: Path) -> None:
    """Raise `ModelError` unless a snapshot that is there already is whole."""
    staged, there = new / "snapshots" / found.version, list_files(found, repository)
    names = {file.path.relative_to(found.directory) for file in there}
    missing = sorted({path.relative_to(staged) for path in find_files(staged)} - names)
    if missing:
        raise ModelError(
            f"{found.directory} is there already, but without {missing[0]}: remove it and add the model again"
        )
    checksums.verify(there, repository)


def merge(new: Path, model: Path, commit: str) -> None:
    """Bring blobs and snapshot into a model that the cache has already."""
    for part in PARTS:
        (model / part).mkdir(mode=0o755, exist_ok=True)
    for blob in (new / "blobs").iterdir():
        blob.replace(model / "blobs" / blob.name)
    staging.flush(model / "blobs")
    commits = find_commits(model)
    if len(commits) == 1 and not (model / "refs" / DEFAULT_REF).exists():
        # The only snapshot is served without a ref; beside another one it would not be.
        staging.replace_text(model / "refs" / DEFAULT_REF, commits[0], model.parent)
    staging.publish(new / "snapshots" / commit, model / "snapshots" / commit)


def choose_name(repository: Path) -> str:
    """Return the name of the only model there is, which need not be said."""
    names = find_names(repository)
    if not names:
        raise ModelError(f"{repository} holds no model yet: say with --name what the first is called")
    if len(names) > 1:
        raise ModelError(f"{repository} holds the models {', '.join(names)}: say with --name which is meant")
    return names[0]


def use(repository: Path, name: str | None, version: str) -> ModelVersion:
    """Let `main` name a snapshot, given by its commit or by another ref."""
    undo.take_back(repository, Note, give_back)
    name = name or choose_name(repository)
    model = repository / directory_name(name)
    if version in {"latest", DEFAULT_REF}:
        raise ModelError(f"{version} names no snapshot for good: give a commit that `list` shows, or a ref")
    commits = find_commits(model)
    commit = read_ref(model, version) or version
    if commit not in commits:
        there = f"but {', '.join(commits)}: give one of them" if commits else "and no other: add one first"
        raise ModelError(f"{model} has no snapshot for {version} {there}")
    verify(ModelVersion(name, commit, model / "snapshots" / commit), repository)
    return use_commit(repository, name, commit, DEFAULT_REF)


def use_commit(repository: Path, name: str, commit: str, ref: str) -> ModelVersion:
    """Let a ref name a commit."""
    model = repository / directory_name(name)
    (model / "refs").mkdir(mode=0o755, exist_ok=True)
    # No line end: huggingface_hub reads a ref as it is.
    staging.replace_text(model / "refs" / ref, commit, repository)
    return ModelVersion(name, commit, model / "snapshots" / commit)
