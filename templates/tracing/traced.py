"""`python -m service.traced`: the service, with its requests traced if the environment says where to.

While it does not, nothing of OpenTelemetry's SDK is imported, and all is as `python -m service` has it.
"""

import os

from service.__main__ import leave, prepare, serve

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def serve_traced() -> str | None:
    """Serve as `serve` does; what is traced is sent before this returns."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return serve()
    prepare()
    from service.tracing import tracing

    with tracing():
        return serve()


if __name__ == "__main__":
    leave(serve_traced())
