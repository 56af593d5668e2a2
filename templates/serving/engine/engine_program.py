"""`make engine` on Linux: the engine without a container, with the same variables as in compose.yaml."""

import signal
import socket
import sys
from pathlib import Path

from pydantic import ValidationError

from service.settings import Settings, describe


class EngineSettings(Settings):
    """The settings of the engine, in addition to those of the service."""

    model_file: str = "{{ cookiecutter.__model_file }}"
    engine_context: int = 1024
    engine_threads: int = -1


def main(models: str) -> str:
    """Serve at the port of ENGINE_URL until a signal comes; return the reason if that is impossible."""
    if sys.platform != "linux":
        return "run the container: docker compose run --rm --publish 127.0.0.1:8080:8080 engine"
    try:
        settings = EngineSettings()
    except ValidationError as error:
        return describe(error)
    file, port = Path(models, settings.model_file), settings.engine_url.port
    if not file.is_file():
        return f"there is no file {file}: set MODEL_FILE to a model's path below {models}"
    try:
        import xllamacpp

        socket.create_server(("127.0.0.1", port)).close()
    except ImportError as error:
        return f"llama.cpp cannot be loaded ({error}): it needs `make install`, and Debian's package libgomp1"
    except OSError as error:
        return f"cannot listen on port {port} of ENGINE_URL: {error.strerror}"
    parameters = xllamacpp.CommonParams()
    parameters.hostnames, parameters.port = ["127.0.0.1"], port
    parameters.model.path, parameters.model_alias = str(file), {settings.model_name}
    parameters.n_parallel, parameters.n_ctx = settings.engine_slots, settings.engine_context
    parameters.cpuparams.n_threads, parameters.cache_ram_mib = settings.engine_threads, 0
    # Python's own handler would wait until the model is loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError:
        return f"llama.cpp cannot serve {file}: the lines with E above say why"
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit())
    print(f"{settings.model_name} answers at {server.listening_address}", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
