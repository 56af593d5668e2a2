"""`python -m service`: serve until told to stop; exit with 0, or with 1 after one sentence that says why."""

import logging
import os
import signal
import socket
import sys
from contextlib import suppress

from service import logs
from service.settings import Settings, SettingsError, read_settings

logger = logging.getLogger("service")


def main() -> int:
    """Return the exit code."""
    # The first process of a container ignores signals that it does not handle, and the imports take a while.
    # Not sys.exit, which a module that is being imported may catch.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logs.configure("info", os.environ.get("LOG_FORMAT", "").lower())
    if len(sys.argv) > 1:
        logger.error("there are no arguments (%s): set environment variables", " ".join(sys.argv[1:]))
        return 2
    try:
        settings = read_settings()
        logs.configure(settings.log_level, settings.log_format)
        return serve(settings, listen(settings.host, settings.port))
    except SettingsError as error:
        logger.error(error)
        return 1


def serve(settings: Settings, listener: socket.socket) -> int:
    # Imported here, so that a wrong setting is reported before seconds of imports.
    import uvicorn

    from service.app import create_app
    from service.shutdown import CANCEL_SECONDS

    app = create_app(settings, listener)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="on",
        loop="asyncio",  # shutdown.py needs its event loop, even if uvloop is installed
        server_header=False,
        root_path=settings.root_path,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=CANCEL_SECONDS,
    )
    logger.info("listening on %s port %d", settings.host, settings.port)
    if settings.api_key_file is None:
        logger.warning("API_KEY_FILE is not set: everybody who reaches the port may send requests")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn raises it again when it has stopped
    with suppress(SystemExit, KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    return 0 if app.state.readiness.state == "draining" else 1


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise `SettingsError` if that fails."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except (OSError, ValueError) as error:
        raise SettingsError(f"HOST {host} and PORT {port} cannot be listened on: {error.args[-1]}") from None
    # Connections inherit it; asyncio sets it only for addresses that it opened itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


if __name__ == "__main__":
    exit_code = main()
    logging.shutdown()
    os._exit(exit_code)  # nothing else ends a thread that is loading a model
