"""The hook that locks: it never fails a render."""

import sys

from post_gen_project import find_reason, lock


def test_a_lock_that_is_made_needs_no_word() -> None:
    assert lock([sys.executable, "-c", ""]) is None


def test_a_missing_program_is_named() -> None:
    assert lock(["no-such-program", "lock"]) == "no-such-program is not installed"


def test_the_reason_of_a_failure_is_its_innermost_cause() -> None:
    script = "import sys; sys.exit('error: request failed\\n  cause: no route to host\\n')"
    assert lock([sys.executable, "-c", script]) == "no route to host"


def test_a_failure_without_a_word_is_still_told() -> None:
    assert find_reason("\n \n") == "it gave no reason"
