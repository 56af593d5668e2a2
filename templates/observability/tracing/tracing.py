"""Traces of requests: FastAPI makes them, OpenTelemetry's SDK sends them, configured by OTEL_*.

Nothing is traced, and the SDK is not imported, until OTEL_EXPORTER_OTLP_ENDPOINT or
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set.
"""

import logging
import os
import tomllib
from pathlib import Path

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace

from service.middleware import PROBES

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def configure() -> TelemetryConfig:
    """Return the value for `FastAPI(telemetry=...)`: traces only if there is an endpoint."""
    is_traced = any(os.environ.get(name) for name in ENDPOINTS)
    if is_traced:
        name = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["name"]
        if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
            os.environ.setdefault("OTEL_SERVICE_NAME", name)
        # In seconds. The last traces are sent while the service stops, and a collector that does not
        # answer must not keep it until it is killed.
        os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        for handler in logging.getLogger().handlers:
            handler.addFilter(add_trace_id)
    return {
        "tracing": is_traced,
        "metrics": False,  # Prometheus has them
        "logs": False,
        "auto_configure": is_traced,
        "exclude": lambda scope: scope["type"] != "http" or scope["path"].endswith(PROBES),
    }


def add_trace_id(record: logging.LogRecord) -> bool:
    """Add the id of the current trace to the record, which JSON lines show."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        record.trace_id = trace.format_trace_id(context.trace_id)
    return True
