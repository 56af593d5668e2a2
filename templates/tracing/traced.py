"""`python -m service.traced`: the service, with its requests traced if the environment says where to.

While it does not, nothing of OpenTelemetry's SDK is imported, and all is as `python -m service` has it.
"""

import os

from service.__main__ import main as serve
from service.__main__ import prepare

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def main() -> None:
    """Serve; what is traced is sent before the process leaves."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        serve()
    prepare()
    from service.tracing import tracing

    with tracing():
        serve()


if __name__ == "__main__":
    main()
