"""The hook that locks: it never fails a render."""

import sys
from pathlib import Path

import pytest
from answers import CHOICES, OPTIONS, complete
from post_gen_project import TEXTS, find_reason, find_way, lock, summarize


def test_what_was_chosen_is_told_on_one_line() -> None:
    line = summarize(complete({"base_image": "alpine", "model_runtime": "tract"}))
    assert line.startswith("model-service: ")
    assert "base_image=alpine" in line
    assert "model_runtime=tract" in line
    assert all(f"{option}=" in line for option in CHOICES)
    assert "\n" not in line


def test_what_is_no_choice_is_a_text() -> None:
    assert OPTIONS.keys() - CHOICES.keys() == TEXTS


def test_a_lock_that_is_made_needs_no_word() -> None:
    assert lock([sys.executable, "-c", ""]) is None


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


def test_a_missing_program_is_named() -> None:
    assert lock(["no-such-program", "lock"]) == "no-such-program is not installed; its documentation says how"


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.touch(mode=0o644)
    assert lock([str(program), "lock"]) == f"{program} cannot be run: Permission denied"


def test_a_lock_that_takes_for_ever_is_given_up() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert lock(command, seconds=0.2) == f"`{' '.join(command)}` took longer than 0.2 s"


def test_the_reason_of_a_failure_is_the_error_and_its_first_cause() -> None:
    script = "import sys; sys.exit('error: request failed\\n  cause: no route to host\\n  cause: error 113')"
    assert lock([sys.executable, "-c", script]) == "request failed: no route to host"


def test_a_failure_without_a_word_is_still_told() -> None:
    assert find_reason("\n \n") == "it gave no reason"
