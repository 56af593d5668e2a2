{% set sample = cookiecutter._model_runtimes[cookiecutter.model_runtime].sample %}
{% set observability = cookiecutter._observability[cookiecutter.observability] %}
{% set has_engine = cookiecutter.__serving == "engine" %}
"""The application: routes, middleware, and what runs from start to stop."""

{% if has_engine %}
import asyncio
import socket
import tomllib
{% else %}
import logging
import socket
import threading
import tomllib
{% endif %}
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_swagger import patch_fastapi

from service import {{ ((["chat"] if has_engine else ["loader"]) + ["metrics", "routes"] + (["open_inference"] if cookiecutter.api == "open-inference" else []) + (["embeddings"] if sample == "embeddings" else []) + (["tracing"] if observability.has_tracing else []) + (["reloading"] if cookiecutter.model_updates == "live" else [])) | sort | join(", ") }}
from service.dependencies import read_api_key, require_api_key
{% if has_engine %}
from service.engine import Engine
from service.errors import add_error_handlers
{% else %}
from service.errors import ModelError, add_error_handlers
{% endif %}
from service.middleware import CheckBodyHeaders, ObserveRequests
{% if has_engine or sample == "embeddings" %}
from service.openai_errors import add_openai_error_handlers
{% endif %}
from service.readiness import Readiness
from service.settings import Settings, read_settings
from service.shutdown import graceful_shutdown


def create_app(settings: Settings | None = None, listener: socket.socket | None = None) -> FastAPI:
    """Return the application; {{ "it sends requests to an engine" if has_engine else "its model is loaded when it starts" }}.

    `uvicorn --factory service.app:create_app` works too, but only `python -m service` gives the listening
    socket that a stop without a lost request needs. Raises `SettingsError` if a setting is wrong.
    """
    settings = settings or read_settings()
    readiness = Readiness()
{% if has_engine %}
    engine = Engine(settings, lambda problem: readiness.set_engine(settings.model_name, problem))
{% endif %}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
{% if has_engine %}
        watching = asyncio.create_task(engine.watch(readiness.fail))
        async with engine.client, graceful_shutdown(settings, readiness, listener):
            yield
            watching.cancel()
{% else %}
        # A daemon thread: liveness answers while gigabytes are read, and a stop does not wait for them.
        threading.Thread(target=load_model, args=(settings, readiness), name="model", daemon=True).start()
        async with graceful_shutdown(settings, readiness, listener):
            yield
        if readiness.served:
            readiness.served.batcher.close()
{% endif %}

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    app = FastAPI(
        title=project["name"],
        version=project["version"],
        description=project["description"],
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        openapi_url="/openapi.json" if settings.serve_docs else None,
        redirect_slashes=False,
        telemetry={{ "tracing.configure()" if observability.has_tracing else '{"tracing": False, "metrics": False, "logs": False}' }},
    )
    app.state.settings = settings
    app.state.readiness = readiness
{% if has_engine %}
    app.state.engine = engine
{% endif %}
    app.state.api_key = read_api_key(settings.api_key_file) if settings.api_key_file else None
    # Routes that need the API key, if one is set; then those that never do.
    key = [Depends(require_api_key)] if app.state.api_key else []
    guarded = [routes.prediction{{ ", open_inference.models" if cookiecutter.api == "open-inference" }}{{ ", embeddings.router" if sample == "embeddings" }}{{ ", chat.router" if has_engine }}]
{% if cookiecutter.api == "open-inference" %}
    if not settings.serve_predict:
        guarded.remove(routes.prediction)
{% endif %}
    for router in guarded:
        app.include_router(router, dependencies=key, max_body_size=settings.max_body_bytes)
    for router in (routes.health, metrics.router{{ ", open_inference.server" if cookiecutter.api == "open-inference" }}):
        app.include_router(router)
    add_error_handlers(app)
{% if has_engine or sample == "embeddings" %}
    add_openai_error_handlers(app)
{% endif %}
{% if cookiecutter.api == "open-inference" %}
    open_inference.add_protocol_error_handlers(app)
{% endif %}
    if settings.serve_docs:
        patch_fastapi(app, redirect_from_root_to_docs=False)  # /docs from this package, not from the internet
    app.add_middleware(CheckBodyHeaders, max_body_bytes=settings.max_body_bytes)
    if settings.allowed_origins:
        origins = settings.allowed_origins.replace(" ", "").split(",")
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(ObserveRequests, readiness=readiness)  # the last one is outermost
    return app
{% if not has_engine %}


def load_model(settings: Settings, readiness: Readiness) -> None:
    """Load the model; if that fails, stop the service and say why."""
{% if cookiecutter.model_updates == "live" %}
    seen = reloading.take_fingerprint(settings)
{% endif %}
    try:
        readiness.serve(loader.load(settings))
    except ModelError as error:
        readiness.fail(str(error))
    except BaseException as error:
        logging.getLogger(__name__).exception("loading the model failed unexpectedly")
        readiness.fail(f"the model cannot be loaded: {error!r}")
{% if cookiecutter.model_updates == "live" %}
    else:
        reloading.watch(settings, readiness, seen)
{% endif %}
{% endif %}
