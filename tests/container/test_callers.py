"""Callers that nobody invited: without the key, or too slow."""

import json
import subprocess
from pathlib import Path

import pytest
from container.conftest import every_base, execute, last_words, python_beside, read_example
from project import CommandFailedError, Project, run

SLOW = Path(__file__).with_name("slow.py")
SECONDS = 5


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "api.key"
    file.write_text("correct-horse-battery\n", encoding="utf-8")
    return file


@every_base
def test_who_has_no_key_is_refused_and_make_ask_sends_it(project: Project, key_file: Path) -> None:
    _, _, answer = read_example(project)
    key_file.chmod(0o644)
    environment = {"API_KEY_FILE": str(key_file)}
    with project.running("--wait", **environment):
        with pytest.raises(CommandFailedError, match=r"answered 401: .*the API key is missing"):
            project.predict()
        assert project.get("/health")[0] == 200
        assert run(["make", "--silent", "ask"], project.path, PORT=str(project.port), **environment) == answer
        assert "correct-horse" not in project.compose("logs", **environment)


@every_base
def test_a_key_that_the_container_may_not_read_ends_it_with_one_sentence(
    project: Project, key_file: Path
) -> None:
    key_file.chmod(0o600)
    assert last_words(project, API_KEY_FILE=str(key_file)) == (
        "API_KEY_FILE '/run/secrets/api_key' may not be read by uid 65532: "
        "run `chmod a+r` on the file behind it"
    )


@every_base
def test_a_thousand_slow_callers_keep_nobody_waiting_and_are_cut_off(project: Project) -> None:
    def measure_memory() -> int:
        status = execute(project, "print(open('/proc/1/status').read())")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    with project.running("--wait", RECEIVE_TIMEOUT_SECONDS=str(SECONDS)):
        for _ in range(20):
            project.predict()
        before = measure_memory()
        command = python_beside(project, project.address(), project.example(), str(SECONDS))
        with SLOW.open("rb") as script:
            result = json.loads(subprocess.run(command, stdin=script, capture_output=True, check=True).stdout)
        assert measure_memory() - before < 64_000  # kB, at the most that it ever had
    assert result["ends"] == {"408": 666, "closed": 334}
    assert result["seconds"] < SECONDS + 5
    assert result["answered"] > 20
    assert result["median"] < 0.1
    assert result["slowest"] < 2
