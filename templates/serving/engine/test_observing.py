def test_requests_and_tokens_are_counted(client: TestClient) -> None:
    request = 'http_requests_total{method="POST",route="/predict",status="200"}'
    names = [request, 'inference_tokens_total{kind="in"}', 'inference_tokens_total{kind="out"}']
    before = [find_metric(client, name) for name in names]
    client.post("/predict", json=BODY)
    after = [find_metric(client, name) for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 10, 2]
    assert find_metric(client, "service_ready") == 1
