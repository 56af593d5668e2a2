"""A new version in a running service: when it takes over, when it does not, and what clients see."""

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from conftest import FakeModel, FakePredictor, make_batcher
from fastapi.testclient import TestClient

from service import loader, model_store, reloading, staging
from service.app import create_app
from service.errors import ModelError
from service.loader import ServedModel
from service.model_repository import find
from service.readiness import Readiness
from service.reloading import Reloader, take_fingerprint
from service.settings import Settings

Add = Callable[[str], str]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "models").mkdir()
    return Settings(model_repository=tmp_path / "models", model_name="digits", model_reload_seconds=0.02)


@pytest.fixture
def add(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Return a function that adds a model, and returns the name of its version."""
    monkeypatch.setattr(staging, "load", lambda *_: None)

    def add(text: str) -> str:
        (tmp_path / "new").write_text(text)
        with staging.locked(settings.model_repository):
            return str(model_store.add(settings, tmp_path / "new"))

    return add


@pytest.fixture
def readiness(settings: Settings, add: Add, monkeypatch: pytest.MonkeyPatch) -> Iterator[Readiness]:
    """Return the readiness of a service with a first version; one whose file says `broken` is refused."""

    def load(settings: Settings) -> ServedModel:
        found = find(settings)
        if found.file.read_text() == "broken":
            raise ModelError(f"{found} is broken")
        model, predictor = cast(Any, FakeModel()), cast(Any, FakePredictor())
        return ServedModel(found.name, found.version, found.file, model, predictor, make_batcher(model))

    monkeypatch.setattr(loader, "load", load)
    add("first")
    readiness = Readiness()
    readiness.serve(loader.load(settings))
    yield readiness
    readiness.require_model().batcher.close()


@pytest.fixture
def reloader(settings: Settings, readiness: Readiness) -> Reloader:
    return Reloader(settings, readiness, take_fingerprint(settings))


def check_twice(reloader: Reloader) -> None:
    """Check as often as needed to see that the files have stopped changing."""
    reloader.check()
    reloader.check()


def test_a_new_version_takes_over_when_its_files_stop_changing(
    reloader: Reloader, readiness: Readiness, add: Add
) -> None:
    before = readiness.require_model()
    check_twice(reloader)
    added = add("second")
    reloader.check()
    assert readiness.served is before
    reloader.check()
    assert str(readiness.served) == added
    for thread in before.batcher._threads:
        thread.join(5)
    assert not before.batcher.is_alive
    assert readiness.reason == f"model {added} is served"


def test_files_that_are_replaced_are_loaded(
    reloader: Reloader, readiness: Readiness, settings: Settings
) -> None:
    before = readiness.served
    find(settings).file.write_text("replaced")
    check_twice(reloader)
    assert readiness.served is not before


def test_a_file_that_is_replaced_during_the_first_load_is_loaded(
    settings: Settings, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loads, again = loader.load, 0, threading.Event()

    def load_and_replace(settings: Settings) -> ServedModel:
        nonlocal loads
        served, loads = load(settings), loads + 1
        if loads == 1:
            find(settings).file.write_text("replaced")
        else:
            again.set()
        return served

    monkeypatch.setattr(loader, "load", load_and_replace)
    with TestClient(create_app(settings)):
        assert again.wait(5)


def test_a_version_that_came_only_for_the_first_load_is_switched_back(
    settings: Settings, readiness: Readiness, add: Add
) -> None:
    first, seen = find(settings), take_fingerprint(settings)
    add("second")
    readiness.serve(loader.load(settings))
    model_store.use(settings, first)
    check_twice(Reloader(settings, readiness, seen))
    assert str(readiness.served) == str(first)


def test_an_unexpected_exception_does_not_end_the_reloading(
    settings: Settings,
    readiness: Readiness,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def check(_: Reloader) -> float:
        if not caplog.messages:
            raise RuntimeError("a bug")
        readiness.drain()
        return 0.0

    monkeypatch.setattr(Reloader, "check", check)
    reloading.watch(settings, readiness, ())
    assert caplog.messages == ["checking for a new version failed unexpectedly"]
    assert readiness.is_draining


def test_a_request_that_was_given_the_previous_version_is_answered_by_it(
    reloader: Reloader, readiness: Readiness, add: Add
) -> None:
    previous = readiness.require_model()
    add("second")
    check_twice(reloader)
    inputs = {"x": np.ones((1, 2), np.float32)}

    async def is_disconnected() -> bool:
        return False

    async def ask() -> None:
        deadline = asyncio.get_running_loop().time() + 5
        outputs = await previous.batcher.infer(inputs, deadline, is_disconnected)
        assert outputs["x"].tolist() == [[1, 1]]

    asyncio.run(ask())


def test_a_version_that_fails_keeps_the_old_one_and_is_logged_once(
    reloader: Reloader,
    readiness: Readiness,
    add: Add,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.reloading.time.monotonic", lambda: 1000.0)  # before it is tried again
    before, failures = readiness.require_model(), reloading.FAILURES._value.get()
    added = add("broken")
    for _ in range(4):
        reloader.check()
    assert readiness.served is before
    assert readiness.is_ready
    assert readiness.reason == f"model {before} is served; a new version failed: {added} is broken"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == [f"model {before} stays, because no other can be served: {added} is broken"]
    assert reloading.FAILURES._value.get() == failures + 1


def test_a_version_that_failed_is_tried_again_when_its_files_change(
    reloader: Reloader, readiness: Readiness, settings: Settings, add: Add
) -> None:
    added = add("broken")
    check_twice(reloader)
    find(settings).file.write_text("mended")
    check_twice(reloader)
    assert str(readiness.served) == added


def test_a_version_that_failed_is_tried_again_after_growing_pauses(
    reloader: Reloader, readiness: Readiness, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("service.reloading.time.monotonic", lambda: now)
    before = reloading.FAILURES._value.get()
    add("broken")
    for _ in range(200):
        reloader.check()
        now += 0.02
    assert 4 < reloading.FAILURES._value.get() - before < 12


@pytest.mark.parametrize("error", [MemoryError(), SystemExit("a panic")])
def test_no_exception_of_a_library_ends_the_reloading(
    reloader: Reloader, readiness: Readiness, add: Add, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(_: Settings) -> ServedModel:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(loader, "load", fail)
        added = add("second")
        check_twice(reloader)
        assert repr(error) in readiness.reason
    time.sleep(0.05)
    reloader.check()
    assert str(readiness.served) == added


def test_a_volume_that_is_away_for_a_time_changes_nothing(
    reloader: Reloader, readiness: Readiness, settings: Settings
) -> None:
    before, volume = readiness.served, settings.model_repository
    volume.rename(volume.with_name("away"))
    check_twice(reloader)
    assert str(volume) in readiness.reason
    volume.with_name("away").rename(volume)
    reloader.check()
    assert readiness.reason == f"model {before} is served"
    assert readiness.served is before


def test_a_version_that_does_not_fit_into_memory_is_not_loaded(
    reloader: Reloader, readiness: Readiness, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = readiness.served
    monkeypatch.setattr(reloading, "IS_MAPPED", False)
    monkeypatch.setattr(reloading, "memory_limit", lambda: 1000)
    monkeypatch.setattr(reloading, "read", lambda _: "anon 990\nfile 5\n")
    add("a model of more than 10 bytes")
    check_twice(reloader)
    assert readiness.served is before
    assert "raise MEMORY_LIMIT, or restart the service" in readiness.reason


def test_the_thread_ends_with_the_application(settings: Settings, readiness: Readiness) -> None:
    with TestClient(create_app(settings)) as client:
        while client.get("/health/ready").status_code != 200:
            time.sleep(0.01)
        (watcher,) = [thread for thread in threading.enumerate() if thread.name == "model"]
        shutil.rmtree(settings.model_repository)
    watcher.join(5)
    assert not watcher.is_alive()


def test_zero_seconds_turn_reloading_off(readiness: Readiness, settings: Settings, add: Add) -> None:
    before = readiness.served
    add("second")
    reloading.watch(settings.model_copy(update={"model_reload_seconds": 0}), readiness, ())
    assert readiness.served is before
