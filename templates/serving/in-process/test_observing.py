def test_requests_batches_and_the_model_are_counted(client: TestClient) -> None:
    request = 'http_requests_total{method="POST",route="/predict",status="200"}'
    before = find_metric(client, request), find_metric(client, "inference_batch_rows_count")
    client.post("/predict", json=BODY)
    assert find_metric(client, request) == before[0] + 1
    assert find_metric(client, "inference_batch_rows_count") == before[1] + 1
    assert find_metric(client, 'model_info{name="fake",version="1"}') == 1
    assert find_metric(client, "service_ready") == 1
