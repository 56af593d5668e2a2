"""The state of the service: loading, ready, draining or failed."""

import asyncio
import logging
import os
import signal
from enum import StrEnum

from service import metrics
from service.errors import UnavailableError
from service.loader import ServedModel

logger = logging.getLogger(__name__)


{% include "serving/readiness_state.py" %}


class Readiness:
    """The state of this process and the model that it serves; threads may change it."""

    def __init__(self) -> None:
        self.state = State.LOADING
        self.reason = "the model is being loaded"
        self.served: ServedModel | None = None
        self.model: str | None = None
        self.is_draining = False
        self.requests = 0  # being answered now
        self.last_request = 0.0
        metrics.READY.set_function(lambda: self.is_ready)
        metrics.QUEUE_REQUESTS.set_function(lambda: len(self.served.batcher.waiting) if self.served else 0)

    @property
    def is_ready(self) -> bool:
        """Whether the service accepts requests."""
        return self.state is State.READY and self.served is not None and self.served.batcher.is_alive

    def serve(self, served: ServedModel) -> None:
        """Serve this model from the next request on; running requests keep theirs."""
        self.served, self.model = served, str(served)
        if self.state is State.LOADING:
            self.state, self.reason = State.READY, f"model {served} is served"
        if self.is_draining:  # the stop began while the model loaded
            self.drain()
        metrics.MODEL.clear()
        metrics.MODEL.labels(served.name, served.version).set(1)

    def require_model(self) -> ServedModel:
        """Return the model that is served; raise `UnavailableError` while there is none."""
        if self.served is None:
            raise UnavailableError(self.reason)
        return self.served

{% include "serving/readiness_stop.py" %}
