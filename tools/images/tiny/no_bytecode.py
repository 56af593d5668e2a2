"""Stands in for the template's `bytecode.py` and compiles nothing: the same image without byte code."""


def replace(sources: object) -> None:
    """Leave sources as they are."""
