"""The container on each base image, started once for all tests: its health, its rights, its stop."""

import time
from collections.abc import Iterator

import pytest
from answers import FACTS, Answers
from container.conftest import Build, every_base, execute
from project import CommandFailedError, Project

pytestmark = every_base


@pytest.fixture(scope="module")
def service(build: Build, answers: Answers) -> Iterator[Project]:
    with build(answers).started("--wait", PYTHONPATH="/otel") as project:
        yield project


def test_it_becomes_healthy_and_answers_the_example(service: Project, answers: Answers) -> None:
    sample = FACTS["_model_runtimes"][answers["model_runtime"]]["sample"]
    assert service.inspect("{{.State.Health.Status}}") == "healthy"
    assert service.predict()
    assert service.get("/health/ready") == (
        200,
        {"state": "ready", "reason": f"model {sample}/1 is served", "model": f"{sample}/1"},
    )


def test_it_runs_without_rights(service: Project) -> None:
    assert service.inspect("{{.Config.User}}") == "65532:65532"
    assert execute(service, "import os; print(os.getuid())") == "65532"
    assert "CapEff:\t0000000000000000" in execute(service, "print(open('/proc/self/status').read())")
    for path in ("/here", "/app/here", "/opt/venv/here", "/models/here"):
        with pytest.raises(CommandFailedError, match="Read-only file system"):
            execute(service, f"open('{path}', 'w')")
    execute(service, "open('/tmp/here', 'w')")


def test_a_pythonpath_of_others_does_not_hide_the_service(service: Project) -> None:
    assert execute(service, "import os; print(os.environ['PYTHONPATH'])") == "/otel"
    assert service.predict()


def test_an_idle_container_stops_soon(service: Project) -> None:
    """The last one, because it stops what all share."""
    began = time.monotonic()
    service.compose("stop")
    assert time.monotonic() - began < 8
    assert service.inspect("{{.State.ExitCode}}") == "0"
    assert "Traceback" not in service.compose("logs", "service")
