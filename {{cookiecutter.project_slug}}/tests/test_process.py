"""The process: how it starts, where it listens, and what it says when it cannot."""

{% include "serving/" ~ cookiecutter.__serving ~ "/test_process_imports.py" %}

SOURCE = Path(__file__).parents[1] / "src"


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *arguments]
    variables = os.environ | {"PYTHONPATH": str(SOURCE), "HOST": "127.0.0.1"} | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def find_errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in result.stderr.splitlines() if " ERROR " in line]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (["--port", "9000"], {}, 2, "there are no arguments (--port 9000): set environment variables"),
        ([], {"PORT": "none"}, 1, "PORT is 'none' but"),
        ([], {"HOST": "203.0.113.1"}, 1, "HOST 203.0.113.1 and PORT 8000 cannot be listened on"),
        ([], {"HOST": "a..b"}, 1, "HOST a..b and PORT 8000 cannot be listened on"),
{% include "serving/" ~ cookiecutter.__serving ~ "/test_process_wrong.py" %}
    ],
)
def test_what_cannot_work_ends_in_one_sentence(
    arguments: list[str], environment: dict[str, str], code: int, sentence: str
) -> None:
    result = start(*arguments, **environment)
    (line,) = find_errors(result)
    assert sentence in line
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


{% include "serving/" ~ cookiecutter.__serving ~ "/test_process.py" %}


@pytest.mark.parametrize("host", ["::", "127.0.0.2"])
def test_the_health_check_asks_where_the_service_listens(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    address = "127.0.0.1" if host == "::" else host
    with running(address, HOST=host) as service:
        check = [sys.executable, str(SOURCE / "service" / "healthcheck.py")]
        environment = os.environ | {"HOST": host, "PORT": str(service.port)}
        assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0
        assert service.stop() == 0
        assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 1
