"""Spans for OpenTelemetry: one for each request, one for its inference; the trace's id in the log.

FastAPI makes the spans of requests, as the semantic conventions for HTTP have them, as soon as there is a
provider for them. The SDK and its exporter read the standard variables, OTEL_*.
"""

import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from service.about import about
from service.middleware.observing import PROBED_PATHS
from service.middleware.shortcut import Shortcut
from service.serving.executor import Executor
from service.telemetry.logs import CONTEXT
from service.tensors import Arrays

# For what is not sent yet when the process leaves; a collector that does not answer does not keep it.
FLUSH_SECONDS = 0.5

Infer = Callable[[Executor, Arrays, float], Coroutine[Any, Any, Arrays]]


class SkipProbes(Sampler):
    """Leaves probes out, and all else to another sampler."""

    def __init__(self, sampler: Sampler) -> None:
        """Ask that sampler."""
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Drop the span of a probe; what is below it goes with it."""
        if attributes and attributes.get("url.path") in PROBED_PATHS:
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Name it."""
        return f"SkipProbes({self._sampler.get_description()})"


class NameTrace(SpanProcessor):
    """Puts the id of its trace into every line that is logged during a request."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note the id, in the context of the request."""
        if span.kind is SpanKind.SERVER and span.context:
            CONTEXT.set({**CONTEXT.get(), "trace_id": trace.format_trace_id(span.context.trace_id)})


@contextmanager
def tracing() -> Iterator[None]:
    """Trace what this process does, and send the last of it in the end."""
    name, version, _ = about()
    ours = Resource.create({"service.name": name, "service.version": version})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.sampler = SkipProbes(provider.sampler)
    provider.add_span_processor(NameTrace())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # From outside, as OpenTelemetry instruments everything: nothing of it is there while nothing is traced.
    traced = with_span(Executor.infer, provider.get_tracer(__name__))
    Executor.infer = traced  # type: ignore[assignment,method-assign]
    # The span of a request is FastAPI's, and named after a route that FastAPI's router finds.
    Shortcut.find = find_none  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        # A thread, because the SDK waits for its exporter without an end.
        flush = threading.Thread(target=provider.shutdown, name="flush", daemon=True)
        flush.start()
        flush.join(FLUSH_SECONDS)


def with_span(infer: Infer, tracer: trace.Tracer) -> Infer:
    """Return `Executor.infer` with a span around each call: from the queue to the answer."""

    @wraps(infer)
    async def infer_with_span(self: Executor, inputs: Arrays, deadline: float) -> Arrays:
        with tracer.start_as_current_span("infer", record_exception=False):
            return await infer(self, inputs, deadline)

    return infer_with_span


def find_none(_: Shortcut, method: str, path: str) -> None:
    """Find no route that has a shortcut."""
