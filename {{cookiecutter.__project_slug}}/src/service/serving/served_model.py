"""A loaded model and the way to ask it."""

import time
from dataclasses import dataclass

from service import model_runtime, predictor
from service.model_runtime import Model
from service.serving import loader
from service.serving.executor import Executor, Limits
from service.serving.loader import LoadedModel
from service.serving.row_wise import answers_row_by_row
from service.settings import Settings
from service.telemetry.metrics import Metrics
from service.tensors import zeros


@dataclass(frozen=True)
class ServedModel(LoadedModel):
    """What a request gets: a version of the model, and the executor that asks it."""

    executor: Executor


def load(settings: Settings, metrics: Metrics) -> ServedModel:
    """Load the model that the settings name, and make it ready to be asked by many; note how long that took.

    Raises `ModelError` with one sentence that names the path and the remedy.
    """
    began = time.monotonic()
    loaded = loader.load(settings)
    executor = Executor(loaded.model, choose_limits(loaded.model, settings), metrics)
    metrics.load_succeeded(loaded.name, loaded.version, time.monotonic() - began)
    return ServedModel(**vars(loaded), executor=executor)


def choose_limits(model: Model, settings: Settings) -> Limits:
    """Fit the settings to the model: only one that answers row by row is asked for several requests."""
    example = predictor.to_inputs(predictor.EXAMPLE) if settings.serve_predict else zeros(model.inputs)
    joins = settings.max_batch_size > 1 and answers_row_by_row(model, example)
    return Limits(
        threads=1 if model_runtime.HAS_OWN_THREADS else loader.count_threads(settings),
        batch_rows=settings.max_batch_size if joins else 1,
        batch_delay=settings.max_batch_delay_ms / 1000,
        queue_rows=settings.max_queue_size,
    )
