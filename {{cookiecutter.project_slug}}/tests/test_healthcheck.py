import subprocess
import sys

from conftest import Start, free_port, wait_until

from service import healthcheck


def check(port: int) -> subprocess.CompletedProcess[str]:
    """Run the check as the image does."""
    command = [sys.executable, "-SP", healthcheck.__file__]
    return subprocess.run(command, env={"PORT": str(port)}, capture_output=True, text=True, check=False)


def test_it_succeeds_when_the_service_is_ready(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    result = check(service.port)
    assert (result.returncode, result.stdout[:13]) == (0, '{"ready":true')


def test_it_fails_with_the_reason_when_nothing_listens() -> None:
    result = check(free_port())
    assert result.returncode == 1
    assert "refused" in result.stderr
