"""What the service counts and measures while it works, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics import disable_created_metrics

SECONDS = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
# Whatever else a caller sends as its method has one label together, so that callers cannot make new ones.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self) -> None:
        """Begin with zeros."""
        # Otherwise each series has another one that says when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._label_http()
        self._label_inference()
        self._label_model()
        ProcessCollector(registry=self.registry)

    def _label_http(self) -> None:
        labels = ["method", "route", "status"]
        self._requests = Counter(
            "http_requests", "Requests that were answered.", labels, registry=self.registry
        )
        self._request_seconds = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's head to the last byte of its answer.",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "http_refused_requests",
            "Requests that were refused before the application saw them: unreadable, too long, too slow.",
            ["status"],
            registry=self.registry,
        )
        for status in (400, 408, 431, 501, 503):
            self._refused.labels(status)
        # `labels` costs more than all the rest, so what it gave is kept.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def _label_inference(self) -> None:
        self._wait_seconds = Histogram(
            "inference_wait_seconds",
            "Seconds that a request waited for the model.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._batch_seconds = Histogram(
            "inference_duration_seconds",
            "Seconds that one call of the model took.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._batch_rows = Histogram(
            "inference_batch_rows", "Rows in one call of the model.", buckets=ROWS, registry=self.registry
        )
        self._batch_requests = Histogram(
            "inference_batch_requests",
            "Requests in one call of the model.",
            buckets=ROWS,
            registry=self.registry,
        )
        self._dropped = Counter(
            "inference_dropped_requests",
            "Requests without an answer of the model: the queue full, time over, or the caller gone.",
            ["reason"],
            registry=self.registry,
        )
        for reason in ("full", "late", "gone"):
            self._dropped.labels(reason)

    def _label_model(self) -> None:
        self._model = Gauge(
            "model_info", "1 for the model that answers.", ["name", "version"], registry=self.registry
        )
        self._load_seconds = Gauge(
            "model_load_duration_seconds",
            "Seconds that finding, verifying, loading and warming up the model took.",
            registry=self.registry,
        )
        self._reload_failures = Counter(
            "model_reload_failures",
            "Versions that could not take over, so that the one before goes on answering.",
            registry=self.registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; `route` is a template, never a path."""
        key = (method if method in METHODS else "other", route, status)
        children = self._children.get(key)
        if children is None:
            children = self._requests.labels(*key), self._request_seconds.labels(*key)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def count_refused(self, status: int) -> None:
        """Count a request that the application never saw."""
        self._refused.labels(status).inc()

    def observe_wait(self, seconds: float) -> None:
        """Note how long a request waited for the model."""
        self._wait_seconds.observe(seconds)

    def observe_batch(self, requests: int, rows: int, seconds: float) -> None:
        """Note one call of the model."""
        self._batch_requests.observe(requests)
        self._batch_rows.observe(rows)
        self._batch_seconds.observe(seconds)

    def count_dropped(self, reason: str) -> None:
        """Count a request without an answer of the model: `full`, `late` or `gone`."""
        self._dropped.labels(reason).inc()

    def load_succeeded(self, name: str, version: str, seconds: float) -> None:
        """Note which model answers from now on, and how long it took to get there."""
        self._model.clear()
        self._model.labels(name, version).set(1)
        self._load_seconds.set(seconds)

    def load_failed(self) -> None:
        """Count a version that could not take over."""
        self._reload_failures.inc()
