def test_an_engine_that_is_lost_while_the_service_stops_makes_no_difference(app: FastAPI) -> None:
    app.state.readiness.drain()
    app.state.readiness.set_engine("fake", "the engine does not answer")
    assert app.state.readiness.state == "draining"


def test_before_the_engine_has_answered_the_service_is_live_and_not_ready() -> None:
    client = TestClient(create_app(Settings()))
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["state"], ready.json()["model"]) == (503, "loading", None)


def test_a_request_is_answered_by_the_engine(client: TestClient, engine: FakeEngine) -> None:
    answer = client.post("/predict", json=BODY)
    assert (answer.status_code, answer.json()) == (200, json.loads(ANSWER))
    assert len(engine.payloads) == 1
