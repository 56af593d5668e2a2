"""From the volume to a model that answers: find it, verify it, load it, ask it once."""

import logging
import time
from dataclasses import dataclass

from service import metrics, model_runtime
from service.batching import Batcher
from service.cgroup import memory_limit
from service.errors import ModelError
from service.model_files import ModelVersion, os_errors_explained
from service.model_repository import find, verify
from service.model_runtime import Model
{% include "api/" ~ cookiecutter.api ~ "/loader_imports.py" ignore missing %}
from service.predictor import EXAMPLE, Predictor
from service.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel(ModelVersion):
    """A version of a model that has answered once, and the queue in front of it."""

    model: Model
    predictor: Predictor
    batcher: Batcher


def load(settings: Settings) -> ServedModel:
    """Load the model that the settings name.

    Raises `ModelError` with one sentence that names the path and the remedy.
    """
    started = time.monotonic()
    with os_errors_explained():
        found = find(settings)
        logger.info("loading model %s from %s", found, found.file)
        verify(found, settings)
        check_memory(found)
        model = model_runtime.load(found.file, settings.inference_threads)
        predictor = prepare(model, found, settings)
    threads = 1 if model_runtime.HAS_OWN_THREADS else settings.inference_threads
    batcher = Batcher(model, settings, threads=threads, joins=predictor.rows_are_independent)
    metrics.MODEL_LOAD_SECONDS.set(time.monotonic() - started)
    return ServedModel(found.name, found.version, found.file, model, predictor, batcher)


def check_memory(found: ModelVersion) -> None:
    """Raise `ModelError` if the model is larger than the memory limit: the kernel would kill the process."""
    size, limit = found.size, memory_limit()
    if limit and not model_runtime.IS_MAPPED and size > limit:
        raise ModelError(f"{found} has {size >> 20} MiB, the container {limit >> 20} MiB: raise MEMORY_LIMIT")


def prepare(model: Model, found: ModelVersion, settings: Settings) -> Predictor:
    """Make the predictor and ask its example: the first caller does not wait, and a misfit shows now."""
{% include "api/" ~ cookiecutter.api ~ "/without_predictor.py" ignore missing %}
    predictor = Predictor(found.directory, settings)
    try:
        predictor.to_response(EXAMPLE, model.infer(predictor.to_inputs(EXAMPLE)))
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{found} does not answer the example of src/service/predictor.py ({reason}): change one of them"
        ) from error
    return predictor
