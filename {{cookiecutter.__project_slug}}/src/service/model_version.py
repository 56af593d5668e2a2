"""One version of a model: what it is called, and the directory on the volume that holds its files."""

from dataclasses import dataclass
from pathlib import Path

from service.errors import ModelError


@dataclass(frozen=True)
class ModelVersion:
    """A version of a model and where its files lie."""

    name: str
    version: str
    directory: Path

    def __str__(self) -> str:
        """Name it as the repository does."""
        return f"{self.name}/{self.version}"


def follow(path: Path, volume: Path) -> Path:
    """Return where a path on the volume leads once every link is followed.

    Raises `ModelError` when a link leads nowhere, or out of the volume: what lies there differs from
    container to container. Raises `FileNotFoundError` when there is nothing at the path at all.
    """
    target = path.resolve()
    if not target.is_relative_to(volume.resolve()):
        raise ModelError(f"{path} leads out of the volume, to {target}: put the file itself on the volume")
    try:
        target.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise ModelError(f"{path} is a link to {target}, which is missing: copy that too") from None
        raise
    return target


def require_file(directory: Path, name: str, volume: Path) -> Path:
    """Return the directory that really holds a file, behind every link.

    Raises `ModelError` when the file is missing, naming what is there instead.
    """
    try:
        return follow(directory / name, volume).parent
    except FileNotFoundError:
        others = sorted(entry.name for entry in directory.iterdir() if not entry.name.startswith("."))
        found = f"among {', '.join(others[:3])}" if others else "in an empty directory"
        raise ModelError(f"{directory / name} is missing {found}: copy the model there") from None
