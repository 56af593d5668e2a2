"""From a volume to a model that answers: find, verify, load, warm up."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service import model_runtime, predictor
from service.errors import ModelError
from service.model_runtime import Model
from service.resources.cpu import count_processors
from service.resources.memory import mebibytes, require_room
from service.serving.beside import Beside
from service.settings import Settings, most_threads
from service.tensors import zeros
from service.volume import checksums, model_repository
from service.volume.files import os_errors_explained
from service.volume.fingerprint import Fingerprint, take_fingerprint
from service.volume.model_version import ModelVersion

logger = logging.getLogger(__name__)


# Files that are read at once for their checksums; with more, the disk or the processors would be the limit.
READERS = 4
# How often a model is loaded whose files are changed while that goes on.
ATTEMPTS = 3


@dataclass(frozen=True)
class LoadedModel(ModelVersion):
    """A version that has proved that it answers, and how its files looked then."""

    model: Model
    fingerprint: Fingerprint


def load(settings: Settings) -> LoadedModel:
    """Find the model that the settings name, verify its files, load it and ask it once.

    Raises `ModelError` with one sentence that names the path and the remedy.
    """
    with os_errors_explained():
        for _ in range(ATTEMPTS):
            found = model_repository.find(settings)
            before = take_fingerprint(found)
            model = load_verified(found, settings)
            if take_fingerprint(found) == before:
                return LoadedModel(found.name, found.version, found.directory, model, before)
            # What was verified need not be what was loaded.
            del model
            logger.warning("model %s was changed while it was being loaded: loading it again", found)
    raise ModelError(f"{found.directory} is changed again and again: put a model there when it is whole")


def load_verified(found: ModelVersion, settings: Settings) -> Model:
    """Load a version while its files are verified; raise `ModelError` if it is not what it was meant to be.

    The model runtime executes nothing that a file holds, so that one may be read before it is verified.
    """
    files = model_repository.list_files(found, settings.model_repository)
    size = sum(file.path.stat().st_size for file in files)
    # Before any memory is taken: if there is too little, this is the last line of the log.
    logger.info("loading model %s (%s)", found, mebibytes(size))
    shares = [files[start::READERS] for start in range(min(READERS, len(files)))]
    readers = [Beside(partial(checksums.verify, share, settings.model_repository)) for share in shares]
    try:
        return prove(found.directory, settings)
    finally:
        for reader in readers:
            reader.wait()  # if this raises, it says why a damaged model does not load


def prove(directory: Path, settings: Settings) -> Model:
    """Load the model in a directory and ask it once; raise `ModelError` if it cannot be served."""
    if not model_runtime.IS_MAPPED:
        require_room(directory / model_runtime.FILE_NAME)
    model = model_runtime.load(directory, count_threads(settings))
    if settings.serve_predict:
        warm_up(model, directory)
    else:
        warm_up_blindly(model)
    return model


def warm_up(model: Model, directory: Path) -> None:
    """Ask the example request, so that the first caller waits for nothing and a misfit shows now."""
    try:
        predictor.to_response(model.infer(predictor.to_inputs(predictor.EXAMPLE)))
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{directory} loads but does not answer the example request of src/service/predictor.py "
            f"({reason}): fit the one to the other"
        ) from error


def warm_up_blindly(model: Model) -> None:
    """Ask a model that `predictor.py` knows nothing of, with zeros; what it says to them proves nothing."""
    try:
        model.infer(zeros(model.inputs))
    except Exception as error:  # noqa: BLE001 - each model runtime has its own
        logger.info("the model does not answer zeros, so that its first answer may be slow: %s", error)


def count_threads(settings: Settings) -> int:
    """Return how many threads compute; `read_settings` refuses more than may."""
    return settings.inference_threads or min(count_processors(), most_threads(settings))
