import socket
import subprocess
import sys
import threading

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


def test_it_fails_with_the_answer_when_the_service_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"ready":false}'
        threading.Thread(target=answer_once, args=(listener, answer)).start()
        result = check(listener.getsockname()[1])
    assert (result.returncode, result.stdout) == (1, '{"ready":false}')


def answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(answer)
