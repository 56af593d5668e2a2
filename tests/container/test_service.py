"""The container as its users meet it: started from the rendered compose file, asked, stopped."""

import hashlib
import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from container.conftest import PYTHON, every_base, execute, python_beside, read_example
from load import make_request
from project import TEMPLATE, CommandFailedError, Project, run

LOAD = TEMPLATE / "tools" / "load.py"


@every_base
def test_it_becomes_healthy_and_reads_the_example(project: Project) -> None:
    with project.running("--wait"):
        assert project.inspect("{{.State.Health.Status}}") == "healthy"
        assert project.predict()["digit"] == 7
        status, health = project.get("/health")
        assert (status, health["state"], health["model"]) == (
            200,
            "ready",
            {"name": "digits", "version": "1"},
        )


@every_base
def test_the_example_of_the_readme_works_as_it_is_written(project: Project) -> None:
    (up,), curl, answer = read_example(project)
    try:
        run(["bash", "-c", up], project.path, PORT=str(project.port))
        assert run(["bash", "-c", curl], project.path) == answer
    finally:
        project.compose("down")


@every_base
def test_it_is_alive_before_it_is_ready(project: Project, volume: Path) -> None:
    large = volume / "digits" / "1" / "large.bin"
    with large.open("wb") as file:
        file.truncate(2 * 1024**3)
    with large.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with (large.parent / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write(f"{digest}  large.bin\n")
    with project.running(MODEL_VOLUME=str(volume)):
        states = []
        while not states or states[-1] != (200, 200):
            try:
                states.append((project.get("/health/live")[0], project.get("/health/ready")[0]))
            except OSError:
                assert states == [], "it stopped listening"
                time.sleep(0.02)
    assert states[0] == (200, 503)
    assert states.count((200, 503)) > 10


@every_base
def test_it_runs_without_rights(project: Project) -> None:
    with project.running("--wait"):
        assert execute(project, "import os; print(os.getuid())") == "65532"
        assert project.inspect("{{.Config.User}}") == "65532:65532"
        assert "CapEff:\t0000000000000000" in execute(project, "print(open('/proc/self/status').read())")
        for path in ("/here", "/app/here", "/opt/venv/here", "/models/here"):
            with pytest.raises(CommandFailedError, match="Read-only file system"):
                execute(project, f"open('{path}', 'w')")
        execute(project, "open('/tmp/here', 'w')")


@every_base
def test_there_is_a_shell_where_the_readme_says_so(project: Project) -> None:
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    command = re.search(r"look inside: `docker compose exec service (.*?)`", readme)[1]
    with project.running("--wait"):
        project.compose("exec", "--no-TTY", "service", command, "-c", "0" if "python" in command else "true")
        if "python" in command:
            with pytest.raises(CommandFailedError, match="executable file not found"):
                project.compose("exec", "--no-TTY", "service", "sh", "-c", "true")


@every_base
def test_no_accepted_request_is_lost_when_it_is_stopped_under_load(project: Project) -> None:
    asking = {"port": 8000, "connections": 16, "seconds": 60, "leave_when_refused": True}
    asking["request"] = make_request("POST", "/predict", project.example().encode()).decode()
    with project.running("--wait"):
        command = python_beside(project, json.dumps(asking | {"host": project.address()}))
        with (
            LOAD.open("rb") as script,
            subprocess.Popen(command, stdin=script, stdout=subprocess.PIPE) as load,
        ):
            time.sleep(2)
            began = time.monotonic()
            project.compose("stop")
            assert time.monotonic() - began < 10
            result = json.loads(load.communicate(timeout=60)[0])
        assert project.inspect("{{.State.ExitCode}}") == "0"
    assert result["refused"] == asking["connections"]
    assert result["statuses"].keys() == {"200"}
    assert result["statuses"]["200"] > 500
    # Where the kernel grants the container no filter, one that comes while the socket closes may be reset.
    assert sum(result["lost"].values()) <= 1, result


@every_base
def test_an_idle_container_stops_at_once(project: Project) -> None:
    with project.running("--wait"):
        began = time.monotonic()
        project.compose("stop")
        assert time.monotonic() - began < 5
        assert project.inspect("{{.State.ExitCode}}") == "0"


@every_base
def test_a_container_that_is_killed_comes_back(project: Project) -> None:
    with project.running("--wait"):
        # From outside: `docker kill` would count as a wish that it stays down.
        code = f"import os; os.kill({project.inspect('{{.State.Pid}}')}, 9)"
        python = ["docker", "run", "--rm", "--pid=host", "--user=0", f"--entrypoint={PYTHON}"]
        run([*python, project.image, "-c", code], project.path)
        while project.inspect("{{.RestartCount}}") == "0":
            time.sleep(0.05)
        project.wait_ready()
        assert project.predict()["digit"] == 7


@every_base
def test_what_cannot_work_is_not_tried_for_ever(project: Project) -> None:
    try:
        with pytest.raises(CommandFailedError):
            project.compose("up", "--detach", "--wait", MODEL_VERSION="7")
        while project.inspect("{{.State.Status}}") != "exited":
            time.sleep(0.1)
        assert project.inspect("{{.RestartCount}}") == "3"
        logs = project.compose("logs", "--no-log-prefix")
        assert logs.splitlines()[-1].startswith("/models/digits has no version 7")
        assert logs.count("/models/digits has no version 7") == 4
    finally:
        project.compose("down", "--timeout", "1")
