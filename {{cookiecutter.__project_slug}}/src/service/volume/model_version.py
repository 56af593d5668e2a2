"""One version of a model: what it is called, and the directory on the volume that holds its files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelVersion:
    """A version of a model and where its files lie."""

    name: str
    version: str
    directory: Path

    def __str__(self) -> str:
        """Name it as the repository does."""
        return f"{self.name}/{self.version}"
