from dataclasses import dataclass
from pathlib import Path

import pytest

from service.errors import NotReadyError
from service.serving.readiness import Readiness, State
from service.serving.served_model import ServedModel


@dataclass
class NoModel:
    """Stands for a model, and for its executor, that are never asked."""


SERVED = ServedModel("reader", "1", Path(), NoModel(), (), NoModel())  # type: ignore[arg-type]


def test_there_is_no_model_while_it_is_loading() -> None:
    readiness = Readiness()
    assert readiness.status.state is State.LOADING
    with pytest.raises(NotReadyError, match="is being loaded"):
        readiness.require_model()


def test_a_loaded_model_makes_it_ready() -> None:
    readiness = Readiness()
    readiness.load_succeeded(SERVED)
    assert readiness.status.state is State.READY
    assert readiness.require_model() is SERVED


def test_a_failure_keeps_its_reason() -> None:
    readiness = Readiness()
    readiness.load_failed("the disk is gone")
    readiness.drain()
    assert readiness.failure == "the disk is gone"


def test_a_draining_process_still_answers() -> None:
    readiness = Readiness()
    readiness.load_succeeded(SERVED)
    readiness.drain()
    assert readiness.draining
    assert readiness.require_model() is SERVED


def test_a_model_that_arrives_while_draining_does_not_make_it_ready() -> None:
    readiness = Readiness()
    readiness.drain()
    readiness.load_succeeded(SERVED)
    assert readiness.draining


def test_a_model_that_arrives_after_a_failure_is_not_served() -> None:
    readiness = Readiness()
    readiness.load_failed("the disk is gone")
    readiness.load_succeeded(SERVED)
    with pytest.raises(NotReadyError, match="the disk is gone"):
        readiness.require_model()
