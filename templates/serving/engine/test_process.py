def test_without_an_engine_the_process_lives_and_logs_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{find_port()}"
    settings = {"ENGINE_URL": url, "DRAIN_SECONDS": "0", "LOG_FORMAT": "json"}
    with running(SERVICE, "/health/live", **settings) as service:
        service.wait_for("/health/ready", 503, url)
        assert json.loads(service.ask()[1])["state"] == "loading"
        assert service.ask("/health/live")[0] == 200
        assert service.stop() == 0
    messages = [json.loads(line)["message"] for line in capfd.readouterr().err.splitlines()]
    (line,) = [message for message in messages if "engine" in message]
    assert line.startswith(f"the engine at {url} does not answer: ")
