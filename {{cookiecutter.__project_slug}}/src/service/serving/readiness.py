"""Whether this process may be asked, and if not, why: loading → ready → draining, or failed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from threading import Event, RLock

from service.errors import NotReadyError
from service.serving.served_model import ServedModel


class State(StrEnum):
    """The states of a process, from its first moment to its last."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


@dataclass(frozen=True)
class Status:
    """A state, the sentence that explains it, and the moment it began."""

    state: State
    reason: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        return self.state is State.READY


@dataclass(frozen=True)
class ReloadFailure:
    """Why the version that is served is not the one that the volume says, and since when."""

    version: str | None
    reason: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class Readiness:
    """The state of this process, told by the loading thread and the server, asked by the routes."""

    def __init__(self) -> None:
        """Begin in the state `loading`."""
        self._lock = RLock()  # re-entrant, because a signal may interrupt its own handler
        self.status = Status(State.LOADING, "the model is being loaded and verified")
        self.served: ServedModel | None = None
        self.reload_failure: ReloadFailure | None = None
        self._drains = Event()

    @property
    def draining(self) -> bool:
        """Whether this process was told to stop."""
        return self.status.state is State.DRAINING

    @property
    def failure(self) -> str | None:
        """Why there is nothing to serve, if that is certain."""
        return self.status.reason if self.status.state is State.FAILED else None

    def load_succeeded(self, served: ServedModel) -> None:
        """Serve this version from the next request on; a process that is already draining stays so.

        A request that has another version keeps that to its end, and with the last one it is released.
        """
        with self._lock:
            if self.status.state is State.FAILED:
                return
            previous, self.served = self.served, served
            self.reload_failure = None
            if not self.draining:
                self.status = Status(State.READY, f"model {served} answers")
        if previous:
            previous.executor.close()

    def load_failed(self, reason: str) -> None:
        """Give up: without a model there is nothing to serve."""
        with self._lock:
            if self.status.state is State.LOADING:
                self.status = Status(State.FAILED, reason)

    def drain(self) -> None:
        """Tell callers to go elsewhere; those that come all the same are still answered."""
        with self._lock:
            if self.status.state is not State.FAILED:
                self.status = Status(State.DRAINING, "the process is stopping")
        self._drains.set()

    def wait_for_drain(self, seconds: float) -> bool:
        """Wait until this process is told to stop, so many seconds at most; return whether it was."""
        return self._drains.wait(seconds)

    def require_model(self) -> ServedModel:
        """Return the model that answers.

        Raises `NotReadyError` with the reason while there is none.
        """
        if self.served is None:
            raise NotReadyError(self.status.reason)
        return self.served
