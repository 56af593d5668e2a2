"""The hook that locks: it never fails a render, and touches nothing outside the project."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from answers import CHOICES, FACTS, OPTIONS, TEMPLATE, complete
from cookiecutter.environment import StrictEnvironment
from post_gen_project import TEXTS, find_reason, find_way, find_workspace, lock, run, summarize

PYPROJECT = '[project]\nname = "reader"\nversion = "1"\nrequires-python = ">=3.11"\n'
WORKSPACE = (
    PYPROJECT.replace("reader", "root") + '[tool.uv]\npackage = false\nworkspace.members = ["packages/*"]\n'
)
on_unix = pytest.mark.skipif(os.name == "nt", reason="paths and permissions of Unix")


def test_what_was_chosen_is_told_on_one_line() -> None:
    line = summarize(complete({"base_image": "alpine", "model_runtime": "custom"}))
    assert line.startswith("model-service: base_image=alpine, ")
    assert all(f"{option}=" in line for option in CHOICES)
    assert "\n" not in line


def test_what_is_no_choice_is_a_text() -> None:
    assert OPTIONS.keys() - CHOICES.keys() == TEXTS


@on_unix
@pytest.mark.parametrize(
    ("project", "start", "way"),
    [
        ("/home/me/reader", "/home/me", "reader"),
        ("/home/me/out put/reader", "/home/me", "'out put/reader'"),
        ("/elsewhere/reader", "/home/me", "/elsewhere/reader"),
    ],
)
def test_the_way_to_the_project_begins_where_it_was_asked_for(project: str, start: str, way: str) -> None:
    assert find_way(Path(project), Path(start)) == way


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    assert run(["no-such-program", "lock"], tmp_path) == ("", "no-such-program is not installed")


@on_unix
def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.touch(mode=0o644)
    assert run([str(program)], tmp_path) == ("", f"{program} cannot be run: Permission denied")


def test_a_lock_that_takes_for_ever_is_given_up(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert run(command, tmp_path, seconds=0.2) == ("", f"`{' '.join(command)}` took longer than 0.2 s")


def test_the_reason_of_a_failure_is_the_error_and_its_first_cause(tmp_path: Path) -> None:
    script = "import sys; sys.exit('error: request failed\\n  cause: no route to host\\n  cause: error 113')"
    assert run([sys.executable, "-c", script], tmp_path) == ("", "request failed: no route to host")


def test_a_failure_without_a_word_is_still_told() -> None:
    assert find_reason("\n \n") == "it gave no reason"


def snapshot(directory: Path) -> dict[str, bytes]:
    """Return the content of every file below a directory."""
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_in_a_uv_workspace_the_project_gets_its_own_lock_and_nothing_else_changes(tmp_path: Path) -> None:
    project = tmp_path / "packages" / "reader"
    project.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(WORKSPACE, encoding="utf-8")
    (project / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    before = snapshot(tmp_path)
    assert lock(project, FACTS["_exclude_newer"]) == ""
    after = snapshot(tmp_path)
    assert 'name = "reader"' in after.pop(str(project / "uv.lock")).decode()
    assert after == before
    assert find_workspace(project) == (
        f'exclude = ["packages/reader"] under [tool.uv.workspace] in {tmp_path / "pyproject.toml"}'
    )


def test_outside_of_a_workspace_there_is_nothing_to_add(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    assert find_workspace(tmp_path) == ""


def run_hook(directory: Path, answers: dict, uv: str) -> subprocess.CompletedProcess[str]:
    """Run the hook as cookiecutter does, with a shell script as uv."""
    if os.name == "nt":
        pytest.skip("Windows runs no shell scripts")
    source = (TEMPLATE / "hooks" / "post_gen_project.py").read_text(encoding="utf-8")
    context = complete(answers) | {"__derived": {"fill": ""}}
    script = StrictEnvironment().from_string(source).render(cookiecutter=context)
    program = directory / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{uv}\n", encoding="utf-8")
    program.chmod(0o755)
    project = directory / "reader"
    project.mkdir()
    (project / "pyproject.toml").touch()
    environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "PWD": str(directory)}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=project, env=environment, capture_output=True, text=True
    )


def test_an_old_uv_ends_in_one_sentence_with_the_least_version(tmp_path: Path) -> None:
    result = run_hook(tmp_path, {}, "echo 'error: Required uv version does not match' >&2; exit 2")
    assert result.returncode == 0
    assert result.stderr == (
        "uv.lock is not made yet (Required uv version does not match). With uv "
        f"{FACTS['_tools']['oldest_uv']} or newer, run `make lock` in reader before the first build.\n"
    )


def test_a_project_with_its_lock_is_ready(tmp_path: Path) -> None:
    result = run_hook(tmp_path, {}, "touch uv.lock")
    assert result.stdout.splitlines()[-1] == "model-service is ready: cd reader && make up"
    assert (tmp_path / "reader" / "uv.lock").exists()


def test_no_command_is_taken_from_a_record(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(FACTS["_package_managers"]))
    facts["uv"]["lock_command"] = ["touch", str(tmp_path / "evil")]
    run_hook(tmp_path, {"_package_managers": facts}, "touch uv.lock")
    assert not (tmp_path / "evil").exists()


def test_without_uv_in_the_project_uv_is_not_run(tmp_path: Path) -> None:
    result = run_hook(tmp_path, {"package_manager": "pip"}, "touch ran; exit 1")
    assert (result.returncode, result.stderr) == (0, "")
    assert not list(tmp_path.rglob("ran"))
