def test_a_model_that_fails_to_load_while_the_service_stops_makes_no_difference(app: FastAPI) -> None:
    app.state.readiness.drain()
    app.state.readiness.fail("the model is damaged")
    assert app.state.readiness.state == "draining"


def test_without_a_model_the_service_is_live_and_not_ready() -> None:
    client = TestClient(create_app(Settings()))
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json()["state"] == "loading"
    refused = client.post("/predict", json=BODY)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json() == {"detail": "the model is being loaded"}


def test_a_service_whose_inference_threads_died_is_not_ready(app: FastAPI, client: TestClient) -> None:
    batcher = app.state.readiness.served.batcher
    batcher.close()
    for thread in batcher._threads:
        thread.join(5)
    assert client.get("/health/ready").status_code == 503


def test_a_request_is_answered_by_the_model(client: TestClient, model: FakeModel) -> None:
    assert client.post("/predict", json=BODY).status_code == 200
    assert len(model.calls) == 1


def test_an_error_of_the_model_is_one_sentence() -> None:
    answer = make_client(FakeModel(fail)).post("/predict", json=BODY)
    assert (answer.status_code, answer.json()) == (500, {"detail": "the model failed: wrong shape"})
