"""The container as its users meet it: started from the rendered compose file, asked, configured."""

import hashlib
import json
import time
from pathlib import Path

import pytest
from answers import FACTS, Answers, nearest
from container.conftest import PYTHON, container_of, default, every_base, execute, run_to_its_end
from project import CommandFailedError, Project, run

SEVEN = json.loads(FACTS["_samples"]["digits"]["answer"])


@every_base
def test_it_becomes_healthy_and_answers_the_example(project: Project, answers: Answers) -> None:
    sample = FACTS["_model_runtimes"][answers["model_runtime"]]["sample"]
    with project.running("--wait"):
        assert project.inspect("{{.State.Health.Status}}") == "healthy"
        assert project.predict()
        assert project.get("/health/ready") == (
            200,
            {"state": "ready", "reason": f"model {sample}/1 is served", "model": f"{sample}/1"},
        )


@default
def test_it_is_alive_before_it_is_ready(project: Project, volume: Path) -> None:
    large = volume / "digits" / "1" / "large.bin"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    with large.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with (large.parent / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write(f"{digest}  large.bin\n")
    states = []
    with project.running(MODEL_VOLUME=volume):
        while not states or states[-1] != (200, 200):
            try:
                states.append((project.get("/health/live")[0], project.get("/health/ready")[0]))
            except OSError:
                assert states == [], "it stopped listening"
                time.sleep(0.02)
    assert states[0] == (200, 503)
    assert states.count((200, 503)) > 5


@every_base
def test_it_runs_without_rights(project: Project) -> None:
    with project.running("--wait"):
        assert project.inspect("{{.Config.User}}") == "65532:65532"
        assert execute(project, "import os; print(os.getuid())") == "65532"
        assert "CapEff:\t0000000000000000" in execute(project, "print(open('/proc/self/status').read())")
        for path in ("/here", "/app/here", "/opt/venv/here", "/models/here"):
            with pytest.raises(CommandFailedError, match="Read-only file system"):
                execute(project, f"open('{path}', 'w')")
        execute(project, "open('/tmp/here', 'w')")


@default
def test_a_container_that_is_killed_comes_back(project: Project) -> None:
    with project.running("--wait"):
        # From outside: `docker kill` would count as a wish that it stays down.
        code = f"import os; os.kill({project.inspect('{{.State.Pid}}')}, 9)"
        python = ["docker", "run", "--rm", "--pid=host", "--user=0", f"--entrypoint={PYTHON}"]
        run([*python, project.image, "-c", code], project.path)
        while project.inspect("{{.RestartCount}}") == "0":
            time.sleep(0.05)
        project.wait_ready()
        assert project.predict() == SEVEN


@default
def test_what_cannot_work_is_not_tried_for_ever(project: Project) -> None:
    with pytest.raises(CommandFailedError), project.running("--wait", MODEL_VERSION="7"):
        pass
    with project.running(MODEL_VERSION="7"):
        while project.inspect("{{.RestartCount}}/{{.State.Status}}") != "3/exited":
            time.sleep(0.1)
        logs = project.compose("logs", "--no-log-prefix")
    assert logs.count("/models/digits has no version 7") == 4


@every_base
def test_a_pythonpath_of_others_does_not_hide_the_service(project: Project) -> None:
    with container_of(project, "--env=PYTHONPATH=/otel"):
        project.wait_ready()
        assert project.predict()


@default
def test_arguments_are_refused_in_a_sentence(project: Project) -> None:
    code, lines = run_to_its_end(project, "--port", "9000")
    assert code != 0
    assert lines[-1].endswith("there are no arguments (--port 9000): set environment variables")


@default
@pytest.mark.parametrize("host", ["::", "127.0.0.2"])
def test_the_health_check_asks_where_the_service_listens(project: Project, host: str) -> None:
    options = [f"--env=HOST={host}", "--sysctl=net.ipv6.conf.all.disable_ipv6=0"]
    with container_of(project, *options) as container:
        deadline = time.monotonic() + 20
        while (
            health := run(["docker", "inspect", "--format={{.State.Health.Status}}", container], Path())
        ).strip() != "healthy":
            assert time.monotonic() < deadline, health
            time.sleep(0.1)
        if host == "::":
            assert project.predict() == SEVEN  # over IPv4


@default
def test_a_wrong_setting_is_one_line_of_json_where_that_was_asked_for(project: Project) -> None:
    code, lines = run_to_its_end(project, LOG_FORMAT="JSON", DRAIN_SECONDS="soon")
    assert code == 1
    entry = json.loads(lines[-1])
    assert entry["level"].lower() == "error"
    assert entry["message"].startswith("DRAIN_SECONDS is 'soon' but must be")


@default
def test_a_new_setting_in_env_reaches_the_container(project: Project) -> None:
    with project.running("--wait", MAX_BATCHSIZE="8", LOG_LEVEL="DEBUG", MY_OWN_SETTING="here"):
        assert execute(project, "import os; print(os.environ['MY_OWN_SETTING'])") == "here"
        log = project.compose("logs", "service")
    assert "MAX_BATCHSIZE is not a setting: did you mean MAX_BATCH_SIZE?" in log


@default
def test_a_key_is_read_by_the_user_of_the_container_and_asked_for(project: Project, tmp_path: Path) -> None:
    key = tmp_path / "api.key"
    key.write_text("0123456789abcdef\n", encoding="utf-8")
    with project.running("--wait", API_KEY_FILE=key):
        with pytest.raises(CommandFailedError, match="answered 401"):
            project.predict()
        asked = run(["make", "ask"], project.path, HOST_PORT=str(project.port))
    assert json.loads(asked) == SEVEN


@pytest.mark.parametrize("answers", [nearest("model_layout", "flat")])
def test_a_flat_model_may_be_mounted_where_kserve_mounts_it(project: Project) -> None:
    options = [f"--volume={project.path / 'models'}:/mnt/models:ro", "--env=MODEL_REPOSITORY=/mnt/models"]
    with container_of(project, *options):
        project.wait_ready()
        assert project.predict() == SEVEN
