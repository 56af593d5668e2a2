"""How long a request may take: what the settings allow, or less if its caller says so."""

import asyncio
from collections.abc import Iterable

from fastapi import Request

from service.errors import InvalidRequestError

HEADER = b"x-request-timeout-ms"


def read_deadline(request: Request, longest: float) -> float:
    """Return when, in the event loop's time, the answer to a request is of no use any more.

    `longest` is in seconds. Raises `InvalidRequestError` if the caller's header is no number of milliseconds.
    """
    return asyncio.get_running_loop().time() + read_timeout(request.scope["headers"], longest)


def read_timeout(headers: Iterable[tuple[bytes, bytes]], longest: float) -> float:
    """Return the seconds that the caller gives, if they are fewer."""
    for name, value in headers:
        if name == HEADER:
            if not value.isdigit() or len(value) > 12:
                raise InvalidRequestError(
                    f"the header {HEADER.decode()} must be a whole number of milliseconds"
                )
            return min(int(value) / 1000, longest)
    return longest
