def test_without_an_engine_the_process_lives_and_says_so_in_one_line(tmp_path: Path) -> None:
    log, port, url = tmp_path / "log", find_port(), f"http://127.0.0.1:{find_port()}"
    variables = {"HOST": "127.0.0.1", "PORT": str(port), "ENGINE_URL": url, "DRAIN_SECONDS": "0"}
    variables |= {"PYTHONPATH": str(SOURCE), "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "service"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=os.environ | variables, stderr=stderr)
    service = Service(process, port, "127.0.0.1")
    try:
        status, body = 0, b""
        deadline = time.monotonic() + 20
        while url not in body.decode() and time.monotonic() < deadline:
            with suppress(OSError):
                status, body = service.ask()
            time.sleep(0.02)
        assert (status, json.loads(body)["state"]) == (503, "loading")
        assert service.ask("GET", "/health/live")[0] == 200
        assert service.stop() == 0
    finally:
        process.kill()
        process.wait()
    messages = [json.loads(line)["message"] for line in log.read_text().splitlines()]
    (line,) = [message for message in messages if "engine" in message]
    assert line.startswith(f"the engine at {url} does not answer: ")
