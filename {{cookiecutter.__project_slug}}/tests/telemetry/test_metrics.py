import pytest
from prometheus_client.exposition import generate_latest

from service.telemetry.metrics import Metrics


def sample(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_request_is_counted_and_its_time_measured() -> None:
    metrics = Metrics()
    for seconds in (0.002, 0.004):
        metrics.observe_request("POST", "/predict", 200, seconds)
    labels = {"method": "POST", "route": "/predict", "status": "200"}
    assert sample(metrics, "http_requests_total", **labels) == 2
    assert sample(metrics, "http_request_duration_seconds_count", **labels) == 2
    assert sample(metrics, "http_request_duration_seconds_sum", **labels) == pytest.approx(0.006)
    assert sample(metrics, "http_request_duration_seconds_bucket", le="0.0025", **labels) == 1


def test_methods_that_callers_make_up_make_one_series_together() -> None:
    metrics = Metrics()
    for method in ("BREW", "PROPFIND"):
        metrics.observe_request(method, "none", 405, 0.001)
    assert sample(metrics, "http_requests_total", method="other", route="none", status="405") == 2


def test_a_batch_is_measured_in_requests_rows_and_seconds() -> None:
    metrics = Metrics()
    metrics.observe_wait(0.25)
    metrics.observe_batch(requests=3, rows=12, seconds=0.5)
    assert sample(metrics, "inference_wait_seconds_sum") == 0.25
    assert sample(metrics, "inference_batch_requests_sum") == 3
    assert sample(metrics, "inference_batch_rows_sum") == 12
    assert sample(metrics, "inference_duration_seconds_sum") == 0.5


@pytest.mark.parametrize("reason", ["full", "late", "gone"])
def test_dropped_requests_are_counted_by_reason_from_zero_on(reason: str) -> None:
    metrics = Metrics()
    assert sample(metrics, "inference_dropped_requests_total", reason=reason) == 0
    metrics.count_dropped(reason)
    assert sample(metrics, "inference_dropped_requests_total", reason=reason) == 1


def test_only_the_model_that_answers_is_shown() -> None:
    metrics = Metrics()
    metrics.load_succeeded("reader", "1", 2.5)
    metrics.load_succeeded("reader", "2", 1.5)
    assert sample(metrics, "model_info", name="reader", version="1") is None
    assert sample(metrics, "model_info", name="reader", version="2") == 1
    assert sample(metrics, "model_load_duration_seconds") == 1.5


def test_a_reload_that_fails_is_counted() -> None:
    metrics = Metrics()
    metrics.load_failed()
    assert sample(metrics, "model_reload_failures_total") == 1


def test_two_applications_have_figures_of_their_own() -> None:
    one, other = Metrics(), Metrics()
    one.load_failed()
    assert sample(other, "model_reload_failures_total") == 0


def test_no_series_is_written_for_the_moment_in_which_another_began() -> None:
    assert b"_created" not in generate_latest(Metrics().registry)
