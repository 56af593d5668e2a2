"""For Prometheus: everything that is counted and measured, and the state of this moment."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from service.dependencies import MetricsDep
from service.serving.readiness import Readiness, State

router = APIRouter(include_in_schema=False)  # it is not for callers of the API


class Moment(Collector):
    """What is not counted but read, whenever somebody asks."""

    def __init__(self, readiness: Readiness) -> None:
        """Read it from there."""
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        """Return the state, as 1 for the one that it is and 0 for each other, and what waits."""
        now, served = self._readiness.status.state, self._readiness.served
        state = GaugeMetricFamily("service_state", "1 for the state of the service.", labels=["state"])
        for each in State:
            state.add_metric([each], now is each)
        yield state
        yield GaugeMetricFamily(
            "inference_queue_rows", "Rows that wait for the model.", served.executor.depth if served else 0
        )


# Not async: it takes some milliseconds, and the event loop stays free for the others.
@router.get("/metrics")
def metrics(request: Request, metrics: MetricsDep) -> Response:
    """Answer in the text format of Prometheus, or as OpenMetrics to whoever asks for that."""
    encode, media_type = choose(request.headers.get("accept", ""))
    return Response(encode(metrics.registry), media_type=media_type)


def choose(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """Return the format that a caller accepts, as a function and its media type."""
    with suppress(TypeError, ValueError):  # a version that is no number
        return choose_encoder(accept)
    return choose_encoder("")
