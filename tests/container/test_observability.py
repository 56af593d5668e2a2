"""What the choices of `observability` add: traces that leave the container, and a dashboard."""

import subprocess

import pytest
import yaml
from container.conftest import ALL_CAPABILITIES, PYTHON
from project import Project

pytestmark = pytest.mark.parametrize("answers", [ALL_CAPABILITIES])

# Reads one request and prints whether it holds the span of a prediction, then answers.
COLLECTOR = """
import socket
socket.setdefaulttimeout(60)
listener = socket.create_server(("", 4318))
print("listening", flush=True)
connection, _ = listener.accept()
received = b""
while b"POST /predict" not in received and (chunk := connection.recv(65536)):
    received += chunk
print(b"POST /v1/traces" in received and b"POST /predict" in received, flush=True)
connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n")
"""


def test_a_collector_gets_the_traces_of_a_stopped_service(project: Project) -> None:
    with project.running(OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318"):
        network = [f"--network={project.image}_default", "--network-alias=collector"]
        command = ["docker", "run", "--rm", *network, f"--entrypoint={PYTHON}", project.image]
        with subprocess.Popen([*command, "-c", COLLECTOR], stdout=subprocess.PIPE) as collector:
            assert collector.stdout.readline() == b"listening\n"
            project.predict()
            project.compose("stop")
            assert collector.stdout.readline() == b"True\n"


def test_a_collector_that_does_not_answer_does_not_get_the_service_killed(project: Project) -> None:
    with project.running(OTEL_EXPORTER_OTLP_ENDPOINT="http://192.0.2.1:4318"):  # nobody has this address
        project.predict()
        project.compose("stop")
        assert project.inspect("{{.State.ExitCode}}") == "0"


def test_prometheus_and_grafana_start_with_their_profile_alone(project: Project) -> None:
    without, with_profile = (
        yaml.safe_load(project.compose(*profile, "config"))["services"].keys()
        for profile in ([], ["--profile", "monitoring"])
    )
    assert with_profile - without == {"prometheus", "grafana"}
