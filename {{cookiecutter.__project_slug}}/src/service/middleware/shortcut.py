"""The short way to a route that is asked most: past the layers of the framework, which documents it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache, partial
from inspect import iscoroutinefunction
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

# Paths whose route is remembered: nearly all requests have one of a few.
REMEMBERED = 64
# What the framework answers last of all, and then lets the server log.
ANY = frozenset({500, Exception})


class Shortcut:
    """ASGI middleware that calls the functions of some routes itself, each with the bare request.

    The framework would do the same, by way of a dozen layers that look for the route, for what is to be
    injected, traced or closed, and for errors; they take a fifth of the time of a small request.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[APIRoute], handlers: Mapping[Any, Any]) -> None:
        """Wrap an application that has these routes, whose functions take a request and give a response.

        The handlers are the application's, which answer exceptions; there may be more of them later.
        """
        self.app = app
        self.handlers = handlers
        self.routes = routes
        self._find = lru_cache(REMEMBERED)(self.find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is for one of the routes, pass on everything else."""
        found = self._find(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        scope.update(found)
        request = Request(scope, receive, send)
        try:
            response = await scope["endpoint"](request)
        except Exception as error:
            handle = find_handler(self.handlers, error)
            if handle is None:
                raise
            response = await handle(request, error)
        await response(scope, receive, send)

    def find(self, method: str, path: str) -> Scope | None:
        """Return what the framework's router would add to the scope of a request for one of the routes."""
        for route in self.routes:
            match, found = route.matches({"type": "http", "method": method, "path": path})
            if match is Match.FULL:
                return found
        return None


def find_handler(handlers: Mapping[Any, Any], error: Exception) -> Callable[..., Awaitable[Response]] | None:
    """Return what the framework would have answer an error, unless that is what answers any."""
    status = error.status_code if isinstance(error, HTTPException) else None
    kinds = (status, *type(error).__mro__)
    handler = next((handlers[kind] for kind in kinds if kind in handlers and kind not in ANY), None)
    if handler is None or iscoroutinefunction(handler):
        return handler
    return partial(run_in_threadpool, handler)
