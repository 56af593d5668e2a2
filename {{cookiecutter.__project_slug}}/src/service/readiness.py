"""Whether this process may be asked, and if not, why: loading → ready → draining, or failed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from threading import RLock

from service.errors import NotReadyError
from service.serving import ServedModel


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


class Readiness:
    """The state of this process, told by the loading thread and the server, asked by the routes."""

    def __init__(self) -> None:
        """Begin in the state `loading`."""
        self._lock = RLock()  # re-entrant, because a signal may interrupt its own handler
        self.status = Status(State.LOADING, "the model is being loaded and verified")
        self.served: ServedModel | None = None

    @property
    def draining(self) -> bool:
        """Whether this process was told to stop."""
        return self.status.state is State.DRAINING

    @property
    def failure(self) -> str | None:
        """Why there is nothing to serve, if that is certain."""
        return self.status.reason if self.status.state is State.FAILED else None

    def load_succeeded(self, served: ServedModel) -> None:
        """Open for requests; a process that is already draining stays so."""
        with self._lock:
            if self.status.state is State.FAILED:
                return
            self.served = served
            if self.status.state is State.LOADING:
                self.status = Status(State.READY, f"model {served} answers")

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

    def require_model(self) -> ServedModel:
        """Return the model that answers.

        Raises `NotReadyError` with the reason while there is none.
        """
        if self.served is None:
            raise NotReadyError(self.status.reason)
        return self.served
