"""The state of the service: loading, ready, draining or failed."""

import asyncio
import logging
import os
import signal
from enum import StrEnum

from service import metrics

logger = logging.getLogger(__name__)


{% include "serving/readiness_state.py" %}


class Readiness:
    """The state of this process and of the engine behind it."""

    def __init__(self) -> None:
        self.state = State.LOADING
        self.reason = "the engine has not answered yet"
        self.model: str | None = None
        self.is_draining = False
        self.requests = 0  # being answered now
        self.last_request = 0.0
        metrics.READY.set_function(lambda: self.is_ready)

    @property
    def is_ready(self) -> bool:
        """Whether the service accepts requests."""
        return self.state is State.READY

    def set_engine(self, model: str, problem: str | None) -> None:
        """Note that the engine serves this model, or why it does not."""
        if self.state in {State.DRAINING, State.FAILED} or (problem is None and self.is_ready):
            return
        reason = problem or f"model {model} is served"
        if reason != self.reason:
            logger.log(logging.WARNING if problem else logging.INFO, reason)
        self.state, self.reason = State.LOADING if problem else State.READY, reason
        self.model = None if problem else model

{% include "serving/readiness_stop.py" %}
