"""From a volume to a model that answers: find, verify, load, warm up."""

import logging
from dataclasses import dataclass
from pathlib import Path

from service import model_repository, model_runtime, predictor
from service.cpu import count_processors
from service.errors import ModelError
from service.model_runtime import Model
from service.model_version import ModelVersion
from service.settings import Settings
from service.tensors import zeros
from service.volume import os_errors_explained

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel(ModelVersion):
    """A version that has proved that it answers."""

    model: Model


def load(settings: Settings) -> LoadedModel:
    """Find the model that the settings name, verify its files, load it and ask it once.

    Raises `ModelError` with one sentence that names the path and the remedy.
    """
    with os_errors_explained():
        found = model_repository.find(settings)
        model_repository.verify(found, settings.model_repository)
        model = prove(found.directory, settings)
    return LoadedModel(found.name, found.version, found.directory, model)


def prove(directory: Path, settings: Settings) -> Model:
    """Load the model in a directory and ask it once; raise `ModelError` if it cannot be served."""
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
    """Return how many threads compute."""
    return settings.inference_threads or count_processors()
