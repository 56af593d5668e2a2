from pathlib import Path

import pytest

from service import loader, model_repository, predictor
from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings


@pytest.fixture
def file(settings: Settings) -> Path:
    return model_repository.find(settings).directory / FILE_NAME


def test_a_model_is_served_once_it_has_answered(settings: Settings) -> None:
    assert str(loader.load(settings)) == str(model_repository.find(settings))


def test_a_tampered_model_is_refused_with_its_path(settings: Settings, file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged or was changed") as caught:
        loader.load(settings)
    assert str(file) in str(caught.value)


def test_a_model_that_does_not_answer_the_example_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "to_inputs", lambda _: {"text": "a seven"})
    with pytest.raises(ModelError, match="does not answer the example request"):
        loader.load(settings)
