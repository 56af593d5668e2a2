"""How long a request may take: what the settings allow, or less if its caller says so."""

from collections.abc import Iterable

from fastapi import Request

from service.errors import InvalidRequestError

HEADER = b"x-request-timeout-ms"
# The key of a request's scope that says when its head was there, in the event loop's time.
BEGAN = "service.began"


def read_deadline(request: Request, longest: float) -> float:
    """Return when, in the event loop's time, the answer to a request is of no use any more.

    `longest` is in seconds and counts from the request's head on: the time that the body took is part of it,
    although only `RECEIVE_TIMEOUT_SECONDS` cuts off a body that is late. Raises `InvalidRequestError` if the
    caller's header is no number of milliseconds.
    """
    began: float = request.scope[BEGAN]
    return began + read_timeout(request.scope["headers"], longest)


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
