import pytest

from service.serving import loader, served_model
from service.settings import Settings
from service.telemetry.metrics import Metrics


def test_a_loaded_model_is_asked_in_batches_if_it_answers_row_by_row(settings: Settings) -> None:
    model = loader.load(settings).model
    limits = served_model.choose_limits(model, settings)
    assert limits.batch_rows == settings.max_batch_size
    assert limits.threads >= 1


def test_a_batch_size_of_one_joins_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_model, "answers_row_by_row", lambda *_: pytest.fail("asked for nothing"))
    model = loader.load(settings).model
    limits = served_model.choose_limits(model, settings.model_copy(update={"max_batch_size": 1}))
    assert limits.batch_rows == 1


def test_what_is_served_is_named_as_the_repository_names_it(settings: Settings) -> None:
    served = served_model.load(settings, Metrics())
    assert str(served) == f"{served.name}/{served.version}"
    assert served.executor.depth == 0
