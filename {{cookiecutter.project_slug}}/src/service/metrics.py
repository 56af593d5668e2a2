"""Prometheus metrics, and the route that shows them."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds", "From the head of a request to its answer.", ["route"], buckets=SECONDS
)
READY = Gauge("service_ready", "1 while the service is ready, else 0.")
{% include "serving/" ~ cookiecutter.__serving ~ "/metrics.py" %}

router = APIRouter(include_in_schema=False)


@router.api_route("/metrics", methods=["GET", "HEAD"])
def show_metrics() -> Response:
    """Return all metrics in the text format of Prometheus; in a thread, because that takes milliseconds."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
