"""Another version without a restart: the volume is looked at again and again, and what it says takes over.

A version that fails keeps the one that is served. It is tried again when anything about it changes, and
otherwise after growing pauses, because some causes pass by themselves.
"""

import logging
import time
from typing import NamedTuple

from service.errors import ModelError
from service.serving import served_model
from service.serving.readiness import Readiness, ReloadFailure
from service.settings import Settings
from service.telemetry.metrics import Metrics
from service.volume import model_repository
from service.volume.files import os_errors_explained
from service.volume.fingerprint import Fingerprint, take_fingerprint

logger = logging.getLogger(__name__)

# Seconds for which nothing may change before a version is loaded: somebody may be copying it by hand.
SETTLE_SECONDS = 1.0
LONGEST_PAUSE = 3600.0


class Look(NamedTuple):
    """What the volume says is to be served; equal to another look if nothing has changed."""

    version: str | None
    fingerprint: Fingerprint | None
    problem: str | None


class Reloader:
    """Looks at the volume every so many seconds, in a thread of its own; times are monotonic."""

    def __init__(self, settings: Settings, readiness: Readiness, metrics: Metrics) -> None:
        """Prepare; nothing is looked at yet."""
        self._settings = settings
        self._readiness = readiness
        self._metrics = metrics
        self._last: Look | None = None
        self._failed: Look | None = None
        self._pause = settings.model_reload_seconds
        self._retry_at = 0.0
        self.seconds_to_next_look = settings.model_reload_seconds

    def run(self) -> None:
        """Look until the process drains; whatever happens in one look, there is a next."""
        while not self._readiness.wait_for_drain(self.seconds_to_next_look):
            try:
                self.look()
            except BaseException as error:  # noqa: BLE001 - a thread that dies would do so silently
                self._fail(Look(None, None, repr(error)), f"the volume cannot be looked at: {error!r}", error)

    def look(self) -> None:
        """Load what the volume has, if it is not what is served and has not changed since the last look."""
        look = self._take()
        changed, self._last = look != self._last, look
        self.seconds_to_next_look = self._settings.model_reload_seconds
        if self._readiness.served and look.fingerprint == self._readiness.served.fingerprint:
            self._failed = self._readiness.reload_failure = None
        elif changed:
            self.seconds_to_next_look = min(SETTLE_SECONDS, self._settings.model_reload_seconds)
        elif look != self._failed or time.monotonic() >= self._retry_at:
            self._load(look)

    def _take(self) -> Look:
        """Return what the volume says now."""
        try:
            with os_errors_explained():
                found = model_repository.find(self._settings)
                return Look(found.version, take_fingerprint(found), None)
        except ModelError as error:
            return Look(None, None, str(error))

    def _load(self, look: Look) -> None:
        """Load the version beside the one that is served, and let it take over."""
        if look.problem:
            self._fail(look, look.problem)
            return
        try:
            served = served_model.load(self._settings, self._metrics)
        except ModelError as error:
            self._fail(look, str(error))
        except BaseException as error:  # noqa: BLE001 - MemoryError, or what a library has for the worst
            self._fail(look, f"it cannot be loaded: {error!r}", error)
        else:
            self._failed = None
            logger.info("model %s takes over from %s", served, self._readiness.served)
            self._readiness.load_succeeded(served)

    def _fail(self, look: Look, reason: str, unexpected: BaseException | None = None) -> None:
        """Keep what is served, say why once, and pause for longer than the last time."""
        again = look == self._failed
        self._failed = look
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if again else self._settings.model_reload_seconds
        self._retry_at = time.monotonic() + self._pause
        self._metrics.load_failed()
        if not again:
            served = self._readiness.served
            logger.error("model %s stays, no other can be served: %s", served, reason, exc_info=unexpected)
            self._readiness.reload_failure = ReloadFailure(look.version, reason)
