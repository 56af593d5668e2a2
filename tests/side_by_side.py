"""What waits more than it computes is done for several answers side by side."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from answers import Answers, name

# Given answers, a future of what was done with them.
Results = Callable[[Answers], Future[str]]


@contextmanager
def side_by_side(
    session: pytest.Session, test: Callable[..., None], begin: Callable[[Answers], Callable[[], str]]
) -> Iterator[Results]:
    """Do what a test needs for all answers that it was selected with, and give a way to get at the results.

    Each is begun in this thread, because cookiecutter changes the directory of the whole process, and gives
    what is left to do in another.
    """
    selected = [
        item.callspec.params["answers"] for item in session.items if item.originalname == test.__name__
    ]
    # The slowest first, so that nothing waits for one of them in the end.
    selected.sort(key=lambda answers: answers["package_manager"] != "poetry")
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        futures = {name(answers): pool.submit(begin(answers)) for answers in selected}
        try:
            yield lambda answers: futures[name(answers)]
        finally:
            pool.shutdown(cancel_futures=True)
