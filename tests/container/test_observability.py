"""What the choices of `observability` add: traces that leave the container, and a dashboard."""

import subprocess
from collections.abc import Iterator

import pytest
import yaml
from answers import nearest
from container.conftest import PYTHON
from project import Project

pytestmark = pytest.mark.parametrize("answers", [nearest("observability", "all")])

# Reads one request and prints whether it holds the span of a prediction, then answers.
COLLECTOR = """
import socket
listener = socket.create_server(("", 4318))
print("listening", flush=True)
connection, _ = listener.accept()
received = b""
while b"POST /predict" not in received and (chunk := connection.recv(65536)):
    received += chunk
print(b"POST /v1/traces" in received and b"POST /predict" in received, flush=True)
connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n")
"""


@pytest.fixture(autouse=True)
def env_file(project: Project) -> Iterator[None]:
    yield
    (project.path / ".env").unlink(missing_ok=True)


def send_traces_to(project: Project, host: str) -> None:
    (project.path / ".env").write_text(f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{host}:4318\n")


def test_a_collector_gets_the_traces_of_a_stopped_service(project: Project) -> None:
    send_traces_to(project, "collector")
    with project.running("--wait"):
        network = [f"--network={project.image}_default", "--network-alias=collector"]
        command = ["docker", "run", "--rm", *network, f"--entrypoint={PYTHON}", project.image]
        with subprocess.Popen([*command, "-c", COLLECTOR], stdout=subprocess.PIPE) as collector:
            assert collector.stdout.readline() == b"listening\n"
            project.predict()
            project.compose("stop")
            assert collector.stdout.readline() == b"True\n"


def test_a_collector_that_does_not_answer_does_not_get_the_service_killed(project: Project) -> None:
    send_traces_to(project, "192.0.2.1")  # nobody has this address
    with project.running("--wait"):
        project.predict()
        project.compose("stop")
        assert project.inspect("{{.State.ExitCode}}") == "0"


def test_prometheus_and_grafana_start_with_their_profile_alone(project: Project) -> None:
    without, with_profile = (
        yaml.safe_load(project.compose(*profile, "config"))["services"].keys()
        for profile in ([], ["--profile", "monitoring"])
    )
    assert with_profile - without == {"prometheus", "grafana"}
