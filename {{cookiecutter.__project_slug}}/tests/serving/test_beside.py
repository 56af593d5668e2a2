import threading
import time

import pytest

from service.serving.beside import Beside


def test_it_runs_beside_whoever_started_it() -> None:
    release = threading.Event()
    beside = Beside(release.wait)
    release.set()
    beside.wait()


def test_what_it_raises_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise ValueError("a reason")

    beside = Beside(fail)
    time.sleep(0.01)
    with pytest.raises(ValueError, match="a reason"):
        beside.wait()
