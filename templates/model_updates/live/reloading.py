"""Load a new version of the model without a restart.

The volume is checked every MODEL_RELOAD_SECONDS. A new version, or changed files, are loaded while the old
version answers. If that fails, the old version stays; the new one is tried again when its files change, or
after growing pauses.
"""

import logging
import os
import re
import time

from prometheus_client import Counter

from service import loader
from service.cgroup import memory_limit, read
from service.errors import ModelError
from service.model_files import os_errors_explained
from service.model_repository import find
from service.model_runtime import IS_MAPPED
from service.readiness import Readiness
from service.settings import Settings

logger = logging.getLogger(__name__)

FAILURES = Counter("model_reload_failures_total", "Versions that could not be loaded in place of another.")
Fingerprint = tuple[object, ...]
# Wait this long for the volume to stop changing: files may still be being copied.
SETTLE_SECONDS = 1.0
MAX_PAUSE = 3600.0


def watch(settings: Settings, readiness: Readiness, seen: Fingerprint) -> None:
    """Check the volume until the service stops; `seen` was taken before the served model was loaded."""
    if settings.model_reload_seconds == 0:
        return
    reloader = Reloader(settings, readiness, seen)
    pause = settings.model_reload_seconds
    while readiness.is_ready:
        time.sleep(pause)
        try:
            pause = reloader.check()
        except Exception:
            logger.exception("checking for a new version failed unexpectedly")
            pause = settings.model_reload_seconds


class Reloader:
    """What the volume held at the last check, and what of that is served or has failed."""

    def __init__(self, settings: Settings, readiness: Readiness, seen: Fingerprint) -> None:
        self._settings = settings
        self._readiness = readiness
        self._seen = self._served = seen
        self._failed: Fingerprint = ()
        self._pause = settings.model_reload_seconds
        self._retry_at = 0.0

    def check(self) -> float:
        """Load the version on the volume if it is not served yet; return the seconds to the next check."""
        previous, self._seen = self._seen, take_fingerprint(self._settings)
        # The version may have changed between the check and the loading.
        if self._seen == self._served and self._seen[0] == str(self._readiness.served):
            if self._failed:
                self._failed = ()
                self._say("")
        elif self._seen != previous:
            return min(SETTLE_SECONDS, self._settings.model_reload_seconds)
        elif self._seen != self._failed or time.monotonic() >= self._retry_at:
            self._load()
        return self._settings.model_reload_seconds

    def _load(self) -> None:
        try:
            check_free_memory(self._settings)
            served = loader.load(self._settings)
        except ModelError as error:
            self._fail(str(error))
        except BaseException as error:  # noqa: BLE001 - MemoryError, or what a library in Rust or C++ raises
            self._fail(f"it cannot be loaded: {error!r}")
        else:
            previous = self._readiness.require_model()
            logger.info("model %s takes over from %s", served, previous)
            self._served, self._failed = self._seen, ()
            self._readiness.serve(served)
            previous.batcher.close()  # once its requests are answered
            self._say("")

    def _fail(self, reason: str) -> None:
        """Keep the model that is served, and say why once."""
        is_new = self._seen != self._failed
        self._failed = self._seen
        self._pause = self._settings.model_reload_seconds if is_new else min(2 * self._pause, MAX_PAUSE)
        self._retry_at = time.monotonic() + self._pause
        FAILURES.inc()
        if is_new:
            logger.error("model %s stays, because no other can be served: %s", self._readiness.served, reason)
        self._say(f"; a new version failed: {reason}")

    def _say(self, more: str) -> None:
        """Set the reason in the readiness route: the model that is served, and why a new version is not."""
        if self._readiness.is_ready:
            self._readiness.reason = f"model {self._readiness.served} is served{more}"


def take_fingerprint(settings: Settings) -> Fingerprint:
    """Return names, sizes and times of the files of the version to serve, or why there is none.

    Without inodes, which some network file systems renumber.
    """
    try:
        found = find(settings)
        files = [path for path in found.directory.rglob("*") if path.is_file()]
        stats = [(str(path.relative_to(found.directory)), path.stat()) for path in files]
    except Exception as error:  # noqa: BLE001 - loading raises it too, and reports it
        return (str(error),)
    visible = sorted((name, s.st_size, s.st_mtime_ns) for name, s in stats if "/." not in f"/{name}")
    return (str(found), os.path.realpath(found.directory), *visible)


def check_free_memory(settings: Settings) -> None:
    """Raise `ModelError` if another model does not fit into the container: it would be killed."""
    with os_errors_explained():
        found, limit = find(settings), memory_limit()
        size = found.size
    used = re.search(r"^anon (\d+)$", read("memory.stat"), re.MULTILINE)
    if limit and used and not IS_MAPPED and int(used[1]) + size > limit:
        raise ModelError(
            f"{found} has {size >> 20} MiB, and of {limit >> 20} MiB the container has "
            f"{(limit - int(used[1])) >> 20} MiB left: raise MEMORY_LIMIT, or restart the service"
        )
