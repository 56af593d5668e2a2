"""What `make test` leaves to `make stress`."""

from collections.abc import Sequence

import pytest


def first_always(values: Sequence[object]) -> list[object]:
    """Test the first of some values always, and the others in `make stress`."""
    return [values[0], *(pytest.param(value, marks=pytest.mark.stress) for value in values[1:])]
