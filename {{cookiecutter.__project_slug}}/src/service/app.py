"""The application: what runs while it lives, what answers, and what an error looks like."""

import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypedDict

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.about import about
from service.errors import ModelError, ServiceError
from service.middleware.api_key import RequireKey, describe_key, read_api_key
from service.middleware.body_limit import LimitBody
from service.middleware.observing import Observe
from service.middleware.shortcut import Shortcut
from service.problems import (
    PROBLEM,
    answer_http_error,
    answer_invalid_request,
    answer_service_error,
    answer_unexpected_error,
)
from service.resources.garbage import keep_what_is_loaded
from service.resources.memory import memory_limit
from service.routes import health, infer, open_inference, predict, prometheus, root
from service.serving import served_model
from service.serving.readiness import Readiness
from service.serving.reloading import Reloader
from service.settings import Settings
from service.telemetry.metrics import Metrics

# Of the memory: a body takes several times its size while it is answered, and the model needs the rest.
SHARE_OF_BODIES = 1 / 8

logger = logging.getLogger(__name__)


class Application(FastAPI):
    """FastAPI's application with all middleware around it, not within, so that a shortcut passes none by."""

    def __init__(
        self, *, shortcuts: Sequence[APIRoute], middleware: Sequence[Middleware] = (), **options: Any
    ) -> None:
        """Begin with nothing around it but the shortcuts, and what is given: the first is outermost."""
        super().__init__(**options)
        self._outermost: ASGIApp = Shortcut(super().__call__, shortcuts, self.exception_handlers)
        for cls, args, kwargs in reversed(middleware):
            self.add_middleware(cls, *args, **kwargs)

    def add_middleware(self, middleware_class: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        """Put middleware around what is there already, as the framework does: the last is outermost."""
        self._outermost = middleware_class(self._outermost, *args, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go from the outside in."""
        scope["app"] = self
        await self._outermost(scope, receive, send)


class LifespanState(TypedDict):
    """What every request finds in `request.state`."""

    readiness: Readiness
    settings: Settings
    metrics: Metrics


def create_app(settings: Settings, readiness: Readiness) -> FastAPI:
    """Build the application; the model is loaded when it starts, not here.

    Raises `SettingsError` if there should be an API key and is none.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[LifespanState]:
        # A daemon thread: liveness answers while gigabytes are read, and a stop does not wait for them.
        loading = (settings, readiness, metrics)
        threading.Thread(target=keep_model, args=loading, name="load", daemon=True).start()
        yield {"readiness": readiness, "settings": settings, "metrics": metrics}
        readiness.drain()
        if readiness.served:
            readiness.served.executor.close()

    metrics = Metrics()
    metrics.registry.register(prometheus.Moment(readiness))
    name, version, description = about()
    app = Application(
        shortcuts=infer.routes,
        title=name,
        version=version,
        description=description,
        lifespan=lifespan,
        docs_url="/docs" if settings.serve_docs else None,
        openapi_url="/openapi.json" if settings.serve_docs else None,
        swagger_ui_oauth2_redirect_url=None,
        telemetry={"metrics": False, "logs": False},  # FastAPI would look for its own with each request
        responses={"default": PROBLEM},
    )
    app.add_middleware(
        LimitBody,
        max_bytes=settings.max_body_bytes,
        max_total_bytes=int(memory_limit() * SHARE_OF_BODIES),
    )
    if settings.api_key_file:
        app.add_middleware(RequireKey, key=read_api_key(settings.api_key_file))
        describe_key(app)
    app.add_middleware(Observe, metrics=metrics, readiness=readiness)  # the last one is around all others
    app.exception_handler(ServiceError)(answer_service_error)
    app.exception_handler(HTTPException)(answer_http_error)
    app.exception_handler(RequestValidationError)(answer_invalid_request)
    app.exception_handler(Exception)(answer_unexpected_error)
    app.routes.extend(infer.routes)
    if settings.serve_predict:
        app.include_router(predict.router)
    for routes in (open_inference, health, prometheus, root):
        app.include_router(routes.router)
    return app


def keep_model(settings: Settings, readiness: Readiness, metrics: Metrics) -> None:
    """Load the model, then look for others if the settings say so."""
    load_model(settings, readiness, metrics)
    keep_what_is_loaded()
    if settings.model_reload_seconds and readiness.served:
        Reloader(settings, readiness, metrics).run()


def load_model(settings: Settings, readiness: Readiness, metrics: Metrics) -> None:
    """Load the model and tell readiness how it went; nothing that happens here is lost."""
    try:
        served = served_model.load(settings, metrics)
    except ModelError as error:
        readiness.load_failed(str(error))
    except BaseException as error:
        # Whatever it was, a service that goes on saying "loading" would be the worst answer.
        logger.exception("loading the model failed unexpectedly")
        readiness.load_failed(f"the model cannot be loaded: {error!r}")
    else:
        logger.info("model %s is ready", served)
        readiness.load_succeeded(served)
