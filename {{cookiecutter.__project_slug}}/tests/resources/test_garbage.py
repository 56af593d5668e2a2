import gc
from collections.abc import Iterator

import pytest

from service.resources.garbage import keep_what_is_loaded


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_looked_at_no_more() -> None:
    before = gc.get_freeze_count()
    keep_what_is_loaded()
    assert gc.get_freeze_count() > before


def test_what_is_made_later_is_still_collected() -> None:
    keep_what_is_loaded()
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() > 0
