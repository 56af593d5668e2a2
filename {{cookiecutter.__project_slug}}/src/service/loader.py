"""From a volume to a model that answers: find, verify, load, warm up."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service import model_repository, model_runtime, predictor
from service.errors import ModelError
from service.model_runtime import Model
from service.model_version import ModelVersion
from service.settings import Settings
from service.tensors import zeros

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel:
    """A model that has proved that it answers, and what it is called."""

    name: str
    version: str
    model: Model

    def __str__(self) -> str:
        """Name it as the repository does."""
        return f"{self.name}/{self.version}"


def load(settings: Settings) -> ServedModel:
    """Find the model that the settings name, verify its files, load it and ask it once.

    Raises `ModelError` with one sentence that names the path and the remedy.
    """
    with explained():
        found = model_repository.find(settings)
        model_repository.verify(found, settings.model_repository)
        model = model_runtime.load(found.directory)
    if settings.serve_predict:
        warm_up(model, found)
    else:
        warm_up_blindly(model)
    return ServedModel(found.name, found.version, model)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what an operating system says of a file into a `ModelError`."""
    try:
        yield
    except PermissionError as error:
        raise ModelError(explain_denial(Path(error.filename))) from error
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror}): check the volume") from error


def warm_up(model: Model, found: ModelVersion) -> None:
    """Ask the example request, so that the first caller waits for nothing and a misfit shows now."""
    try:
        predictor.predict(model, predictor.EXAMPLE)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{found.directory} loads but does not answer the example request of src/service/predictor.py "
            f"({reason}): fit the one to the other"
        ) from error


def warm_up_blindly(model: Model) -> None:
    """Ask a model that `predictor.py` knows nothing of, with zeros; what it says to them proves nothing."""
    try:
        model.infer(zeros(model.inputs))
    except Exception as error:  # noqa: BLE001 - each model runtime has its own
        logger.info("the model does not answer zeros, so that its first answer may be slow: %s", error)


def explain_denial(path: Path) -> str:
    """Say who may read the first thing on the way to this path that we may not read, and how to change it."""
    path, real = path.absolute(), Path(os.path.realpath(path))
    way = [*reversed(path.parents), path, *reversed(real.parents), real]
    denied = next((step for step in way if not readable(step)), path)
    status = denied.stat()
    return (
        f"{denied} may not be read by uid {os.geteuid()}, it belongs to uid {status.st_uid} with mode "
        f"{stat.S_IMODE(status.st_mode):04o}: run `chmod -R a+rX` on the directory behind it"
    )


def readable(path: Path) -> bool:
    """Whether this process may read a file, or enter and list a directory."""
    return os.access(path, os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK)  # noqa: PTH112
