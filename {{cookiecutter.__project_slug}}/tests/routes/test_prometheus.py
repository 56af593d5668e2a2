from conftest import PROJECT
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from service import predictor
from service.serving.readiness import State
from service.settings import Settings
from service.volume import model_repository

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: TestClient) -> Samples:
    """Ask as Prometheus does and return each series with its value."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    samples = [sample for family in families for sample in family.samples]
    return {(each.name, frozenset(each.labels.items())): each.value for each in samples}


def key(name: str, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_a_prediction_shows_under_its_route_and_status(client: TestClient) -> None:
    body = (PROJECT / "examples" / "predict.json").read_bytes()
    assert client.post("/predict", content=body, headers={"content-type": "application/json"}).is_success
    series = key("http_requests_total", method="POST", route="/predict", status="200")
    samples = scrape(client)
    assert samples[series] == 1
    (rows, *_) = map(len, predictor.to_inputs(predictor.EXAMPLE).values())
    assert samples[key("inference_batch_rows_sum")] == rows
    assert samples[key("inference_wait_seconds_count")] == 1


def test_paths_that_lead_nowhere_make_one_series_together(client: TestClient) -> None:
    for number in range(3):
        assert client.get(f"/made-up/{number}").status_code == 404
    assert scrape(client)[key("http_requests_total", method="GET", route="none", status="404")] == 3


def test_a_name_in_a_path_makes_no_series(client: TestClient) -> None:
    for name in ("one", "two"):
        assert client.get(f"/v2/models/{name}").status_code == 404
    series = key("http_requests_total", method="GET", route="/v2/models/{name}", status="404")
    assert scrape(client)[series] == 2


def test_the_model_and_the_state_are_shown(client: TestClient, settings: Settings) -> None:
    samples, found = scrape(client), model_repository.find(settings)
    assert samples[key("model_info", name=found.name, version=found.version)] == 1
    assert samples[key("model_load_duration_seconds")] > 0
    assert samples[key("inference_queue_rows")] == 0
    states = {state: samples[key("service_state", state=state)] for state in State}
    assert states == {State.LOADING: 0, State.READY: 1, State.DRAINING: 0, State.FAILED: 0}


def test_whoever_asks_for_openmetrics_gets_it(client: TestClient) -> None:
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.endswith("# EOF\n")


def test_a_format_of_no_version_is_answered_in_another(client: TestClient) -> None:
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=abc"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
