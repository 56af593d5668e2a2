"""The process: how it starts, where it listens, and what it says when it cannot."""

{% include "serving/" ~ cookiecutter.__serving ~ "/test_process_imports.py" %}


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (["--port", "9000"], {}, 2, "there are no arguments (--port 9000): set environment variables"),
        ([], {"PORT": "none"}, 1, "PORT is 'none' but"),
        ([], {"HOST": "203.0.113.1", "PORT": "1"}, 1, "HOST 203.0.113.1 and PORT 1 cannot be listened on"),
        ([], {"HOST": "a..b", "PORT": "1"}, 1, "HOST a..b and PORT 1 cannot be listened on"),
{% include "serving/" ~ cookiecutter.__serving ~ "/test_process_wrong.py" %}
    ],
)
def test_startup_errors_are_one_sentence(
    arguments: list[str], environment: dict[str, str], code: int, sentence: str
) -> None:
    result = run([*SERVICE, *arguments], **environment)
    (line,) = [line for line in result.stderr.splitlines() if " ERROR " in line]
    assert sentence in line
    assert result.returncode == code
    assert "Traceback" not in result.stderr


{% include "serving/" ~ cookiecutter.__serving ~ "/test_process.py" %}


# macOS has one address of its own.
@pytest.mark.parametrize("host", ["::", "127.0.0.1" if sys.platform == "darwin" else "127.0.0.2"])
def test_the_health_check_asks_where_the_service_listens(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    check = [sys.executable, str(ROOT / "src" / "service" / "healthcheck.py")]
    with running(FAKE_SERVICE, HOST=host, MODEL_SECONDS="0") as service:
        address = {"HOST": host, "PORT": str(service.port)}
        assert run(check, **address).returncode == 0
        assert service.stop() == 0
        assert run(check, **address).returncode == 1
