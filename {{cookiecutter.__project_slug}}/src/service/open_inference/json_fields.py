"""JSON that a stranger wrote: each value is of the kind that it must be, or one sentence says what is not."""

from collections.abc import Collection
from typing import Any

import orjson

from service.errors import InvalidRequestError

KINDS: dict[type, str] = {
    str: "a text",
    list: "a list",
    dict: "an object",
    int: "a whole number",
    bool: "true or false",
}
LONGEST = 80  # characters of what was sent that a sentence repeats; a name may be as long as the body


def read_object(text: memoryview) -> dict[str, Any]:
    """Return the object that a JSON text is; raise `InvalidRequestError` if it is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"the request is not JSON: {error}") from None
    return expect(value, dict, "the request")  # type: ignore[no-any-return]


def take(holder: dict[str, Any], key: str, kind: type, where: str = "", *, optional: bool = False) -> Any:
    """Return what an object has under a key; null is as good as nothing.

    Raises `InvalidRequestError` if it is of another kind, or missing and not optional.
    """
    value = holder.get(key)
    if type(value) is kind:  # first, because most are
        return value
    if value is None:
        if optional:
            return None
        raise InvalidRequestError(f"{where}{key} is missing: it must be {KINDS[kind]}")
    return expect(value, kind, f"{where}{key}")


def expect(value: Any, kind: type, name: str) -> Any:
    """Return a value of this kind; raise `InvalidRequestError` if it is of another."""
    if type(value) is not kind:  # not isinstance, which takes true for a number
        raise InvalidRequestError(f"{name} must be {KINDS[kind]}")
    return value


def shorten(sent: object) -> str:
    """Return what was sent as a sentence may repeat it."""
    shown = repr(sent)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def list_names(names: Collection[str]) -> str:
    """Return names as a sentence lists them."""
    return ", ".join(map(shorten, sorted(names)))
