"""How tests are named, for all of them."""

from answers import name


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test by its answers."""
    return name(val) if isinstance(val, dict) else None
