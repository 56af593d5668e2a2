from pathlib import Path

import pytest

from service import model_runtime, predictor
from service.errors import ModelError
from service.model_runtime import FILE_NAME, Model
from service.resources import cpu
from service.resources.memory import mebibytes
from service.serving import loader
from service.settings import Settings
from service.volume import model_repository
from service.volume.fingerprint import take_fingerprint


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
    monkeypatch.setattr(predictor, "to_inputs", lambda _: {"text": "a text"})
    with pytest.raises(ModelError, match="does not answer the example request"):
        loader.load(settings)


def test_damage_is_told_rather_than_what_comes_of_it(settings: Settings, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="is damaged or was changed"):
        loader.load(settings)


def test_the_log_names_a_model_and_its_size_before_it_takes_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loader, "prove", lambda *_: pytest.fail("out of memory"))
    with caplog.at_level("INFO"), pytest.raises(pytest.fail.Exception):
        loader.load(settings)
    found = model_repository.find(settings)
    size = sum(path.stat().st_size for path in found.directory.iterdir() if path.name != "SHA256SUMS")
    assert f"loading model {found} ({mebibytes(size)})" in caplog.messages


def test_a_model_that_is_changed_while_it_is_loaded_is_loaded_again(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove, attempts = loader.prove, []

    def prove_and_change(directory: Path, settings: Settings) -> Model:
        attempts.append(directory)
        if len(attempts) < 2:
            file.touch()
        return prove(directory, settings)

    monkeypatch.setattr(loader, "prove", prove_and_change)
    assert loader.load(settings).fingerprint == take_fingerprint(model_repository.find(settings))
    assert len(attempts) == 2


def test_a_model_that_is_changed_again_and_again_is_refused(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = loader.prove

    def prove_and_change(directory: Path, settings: Settings) -> Model:
        file.touch()
        return prove(directory, settings)

    monkeypatch.setattr(loader, "prove", prove_and_change)
    with pytest.raises(ModelError, match="is changed again and again: put a model there when it is whole"):
        loader.load(settings)


@pytest.mark.parametrize("is_mapped", [False, True])
def test_room_is_asked_for_what_is_not_mapped(
    settings: Settings, file: Path, is_mapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(loader, "require_room", asked.append)
    monkeypatch.setattr(model_runtime, "IS_MAPPED", is_mapped)
    loader.load(settings)
    assert asked == ([] if is_mapped else [file])


def test_no_more_threads_compute_than_the_container_may_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "count_processors", lambda: 128)
    monkeypatch.setattr(cpu, "most_threads", lambda: 100)
    assert loader.count_threads(settings) == 100
