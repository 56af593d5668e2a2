"""The container as its users meet it: started from the rendered compose file, asked, configured."""

import hashlib
import json
from pathlib import Path

import pytest
from answers import FACTS
from container.conftest import PYTHON, default, execute, run_to_its_end
from project import CommandFailedError, Project, run, wait_until

pytestmark = default
SEVEN = json.loads(FACTS["_samples"]["digits"]["answer"])


def test_it_is_alive_before_it_is_ready(project: Project, volume: Path) -> None:
    large = volume / "digits" / "1" / "large.bin"
    with large.open("wb") as file:
        file.truncate(1 << 29)
    with large.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with (large.parent / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write(f"{digest}  large.bin\n")
    states = []

    def is_ready() -> bool:
        try:
            states.append((project.get("/health/live")[0], project.get("/health/ready")[0]))
        except OSError:
            assert states == [], "it stopped listening"
        return states[-1:] == [(200, 200)]

    with project.started(MODEL_VOLUME=volume):
        wait_until(is_ready)
    assert states[0] == (200, 503)
    assert states.count((200, 503)) > 5


def test_a_container_that_is_killed_comes_back(project: Project) -> None:
    with project.running():
        # From outside: `docker kill` would count as a wish that it stays down.
        code = f"import os; os.kill({project.inspect('{{.State.Pid}}')}, 9)"
        python = ["docker", "run", "--rm", "--pid=host", "--user=0", f"--entrypoint={PYTHON}"]
        run([*python, project.image, "-c", code], project.path)
        wait_until(lambda: project.inspect("{{.RestartCount}}") == "1")
        project.wait_ready()
        assert project.predict() == SEVEN


def test_what_cannot_work_is_not_tried_for_ever(project: Project) -> None:
    with project.started("--no-start", MODEL_VERSION="7"):
        with pytest.raises(CommandFailedError):
            project.compose("up", "--detach", "--wait")
        wait_until(lambda: project.inspect("{{.RestartCount}}/{{.State.Status}}") == "3/exited")
        logs = project.compose("logs", "--no-log-prefix")
    assert logs.count("/models/digits has no version 7") == 4


def test_a_wrong_setting_is_one_line_of_json_where_that_was_asked_for(project: Project) -> None:
    code, lines = run_to_its_end(project, LOG_FORMAT="JSON", DRAIN_SECONDS="soon")
    assert code == 1
    entry = json.loads(lines[-1])
    assert entry["level"].lower() == "error"
    assert entry["message"].startswith("DRAIN_SECONDS is 'soon' but must be")


def test_a_new_setting_in_env_reaches_the_container(project: Project) -> None:
    with project.running(MAX_BATCHSIZE="8", LOG_LEVEL="DEBUG", MY_OWN_SETTING="here"):
        assert execute(project, "import os; print(os.environ['MY_OWN_SETTING'])") == "here"
        log = project.compose("logs", "service")
    assert "MAX_BATCHSIZE is not a setting: did you mean MAX_BATCH_SIZE?" in log


def test_a_key_is_read_by_the_user_of_the_container_and_asked_for(project: Project, tmp_path: Path) -> None:
    key = tmp_path / "api.key"
    key.write_text("0123456789abcdef\n", encoding="utf-8")
    with project.running(API_KEY_FILE=key):
        with pytest.raises(CommandFailedError, match="answered 401"):
            project.predict()
        asked = run(["make", "ask"], project.path, HOST_PORT=str(project.port))
    assert json.loads(asked) == SEVEN
