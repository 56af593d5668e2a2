"""Another version under a running service: what takes over, what does not, and what is left behind."""

import gc
import logging
import shutil
import threading
import weakref
from pathlib import Path

import pytest
from conftest import wait_until
from fastapi.testclient import TestClient

from service.app import create_app
from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.serving import reloading, served_model
from service.serving.readiness import Readiness
from service.serving.reloading import Reloader
from service.settings import Settings
from service.telemetry.metrics import Metrics
from service.volume import checksums, model_repository, model_store, staging


class Counted(Metrics):
    """Metrics that tell how many loads failed."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def load_failed(self) -> None:
        self.failures += 1


@pytest.fixture
def settings(volume: Path) -> Settings:
    return Settings(model_repository=volume, model_reload_seconds=0.05)


@pytest.fixture
def metrics() -> Counted:
    return Counted()


@pytest.fixture
def readiness(settings: Settings, metrics: Counted) -> Readiness:
    """The readiness of a service that serves the sample."""
    readiness = Readiness()
    readiness.load_succeeded(served_model.load(settings, metrics))
    return readiness


@pytest.fixture
def reloader(settings: Settings, readiness: Readiness, metrics: Counted) -> Reloader:
    return Reloader(settings, readiness, metrics)


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    """A model to add: the files of the sample and one more."""
    sample = model_repository.find(settings).directory
    directory = tmp_path / "source"
    directory.mkdir()
    for name in checksums.list_files(sample):
        shutil.copy(sample / name, directory / name)
    (directory / "notes.txt").write_text("so that it is another")
    return directory


def add(volume: Path, source: Path) -> str:
    """Add a model as a new version; return what it is called."""
    with staging.locked(volume):
        return str(model_store.add(volume, source, None, None, lambda _: None))


def damage(settings: Settings) -> Path:
    """Change a byte of the file that would be served."""
    file = model_repository.find(settings).directory / FILE_NAME
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    return file


def look_twice(reloader: Reloader) -> None:
    """Look as often as it takes to see that nothing changes any more."""
    reloader.look()
    reloader.look()


def test_a_new_version_takes_over_once_it_stands_still(
    reloader: Reloader, readiness: Readiness, volume: Path, source: Path
) -> None:
    before = readiness.require_model()
    added = add(volume, source)
    reloader.look()
    assert readiness.require_model() is before
    reloader.look()
    assert str(readiness.require_model()) == added
    assert readiness.status.reason == f"model {added} answers"


def test_a_volume_that_does_not_change_is_left_alone(
    reloader: Reloader, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_model, "load", lambda *_: pytest.fail("loaded for nothing"))
    for _ in range(5):
        reloader.look()
    assert readiness.reload_failure is None


def test_an_older_version_is_a_pin_away(
    reloader: Reloader, readiness: Readiness, volume: Path, source: Path, settings: Settings
) -> None:
    before = readiness.require_model()
    add(volume, source)
    look_twice(reloader)
    newest = readiness.require_model().version
    older = next(each for each in model_repository.list_versions(settings) if each.version != newest)
    with staging.locked(volume):
        model_store.use(volume, older.name, older.version)
    look_twice(reloader)
    assert readiness.require_model().version == older.version
    assert readiness.require_model() is not before


def test_the_previous_version_is_released_with_its_last_request(
    reloader: Reloader, readiness: Readiness, volume: Path, source: Path
) -> None:
    in_use = readiness.require_model()
    model = weakref.ref(in_use.model)
    add(volume, source)
    look_twice(reloader)
    assert readiness.require_model() is not in_use
    assert model() is not None
    del in_use
    gc.collect()
    wait_until(lambda: model() is None)


def test_a_damaged_version_keeps_the_old_one_and_is_told_of_once(
    reloader: Reloader,
    readiness: Readiness,
    metrics: Counted,
    volume: Path,
    source: Path,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = readiness.require_model()
    added = add(volume, source)
    file = damage(settings)
    caplog.clear()
    for _ in range(5):
        reloader.look()
    assert readiness.require_model() is before
    assert readiness.status.ready
    assert readiness.reload_failure
    assert readiness.reload_failure.version == added.rpartition("/")[2]
    assert f"{file} is damaged or was changed" in readiness.reload_failure.reason
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == [f"model {before} stays, no other can be served: {readiness.reload_failure.reason}"]
    assert metrics.failures == 1


def test_a_version_that_failed_is_tried_again_when_it_changes(
    reloader: Reloader, readiness: Readiness, volume: Path, source: Path, settings: Settings
) -> None:
    added = add(volume, source)
    file = damage(settings)
    look_twice(reloader)
    assert readiness.reload_failure
    shutil.copy(source / FILE_NAME, file)
    look_twice(reloader)
    assert str(readiness.require_model()) == added
    assert readiness.reload_failure is None


def test_a_cause_that_passes_is_tried_again_after_growing_pauses(
    reloader: Reloader,
    readiness: Readiness,
    metrics: Counted,
    volume: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> served_model.ServedModel:
        raise MemoryError

    now = 1000.0
    monkeypatch.setattr("service.serving.reloading.time.monotonic", lambda: now)
    add(volume, source)
    reloader.look()
    with monkeypatch.context() as patch:
        patch.setattr(served_model, "load", fail)
        attempts = []
        for _ in range(200):
            reloader.look()
            attempts.append(metrics.failures)
            now += 0.05
        assert attempts[-1] < 10
        assert readiness.reload_failure
        assert "MemoryError" in readiness.reload_failure.reason
    now += reloading.LONGEST_PAUSE
    reloader.look()
    assert readiness.reload_failure is None


def test_what_goes_back_to_what_is_served_is_no_failure_any_more(
    reloader: Reloader, readiness: Readiness, volume: Path
) -> None:
    volume.rename(volume.with_name("away"))
    look_twice(reloader)
    assert readiness.status.ready
    assert readiness.reload_failure
    assert readiness.reload_failure.version is None
    assert str(volume) in readiness.reload_failure.reason
    volume.with_name("away").rename(volume)
    reloader.look()
    assert readiness.reload_failure is None


def test_a_copy_under_way_is_not_looked_into(
    reloader: Reloader, readiness: Readiness, volume: Path, source: Path, settings: Settings
) -> None:
    added = add(volume, source)
    directory = model_repository.find(settings).directory
    (directory / checksums.FILE_NAME).resolve().touch()
    for size in range(5):
        (directory / "notes.txt").write_text("x" * size)
        reloader.look()
        assert str(readiness.require_model()) != added
    assert readiness.reload_failure is None


def test_nothing_that_happens_in_a_look_ends_the_thread(
    reloader: Reloader, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            readiness.drain()
        raise SystemExit

    monkeypatch.setattr(reloader, "look", look)
    thread = threading.Thread(target=reloader.run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert len(looks) == 3
    assert readiness.reload_failure
    assert "SystemExit" in readiness.reload_failure.reason


def test_callers_see_the_switch_and_what_prevents_one(settings: Settings, volume: Path, source: Path) -> None:
    with TestClient(create_app(settings, Readiness())) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        added = add(volume, source)
        wait_until(lambda: str(client.get("/health").json()["reason"]) == f"model {added} answers")
        assert client.get("/health").json()["reload"] is None
        file = damage(settings)
        wait_until(lambda: client.get("/health").json()["reload"] is not None)
        health = client.get("/health")
        assert health.status_code == 200
        assert str(file) in health.json()["reload"]["reason"]
        assert client.get("/health/ready").status_code == 200


def test_a_drain_ends_the_thread(settings: Settings) -> None:
    with TestClient(create_app(settings, Readiness())) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
    wait_until(lambda: "load" not in {thread.name for thread in threading.enumerate()})


def test_without_the_setting_the_volume_is_looked_at_once(volume: Path, source: Path) -> None:
    with TestClient(create_app(Settings(model_repository=volume), Readiness())) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        assert "load" not in {thread.name for thread in threading.enumerate()}
        shutil.rmtree(volume)
        assert client.get("/health").json()["reload"] is None


def test_a_model_error_has_the_sentence_alone(reloader: Reloader, readiness: Readiness, volume: Path) -> None:
    for entry in list(volume.iterdir()):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    look_twice(reloader)
    with pytest.raises(ModelError) as caught:
        model_repository.find(Settings(model_repository=volume))
    assert readiness.reload_failure
    assert readiness.reload_failure.reason == str(caught.value)
