"""`python -m service`: settings from the environment, then the server, then an exit code."""

import os
import signal


def prepare() -> None:
    """Do what must come before the imports."""
    # PID 1 of a container is deaf to a signal until it handles it, and the imports take a moment. Not
    # sys.exit: some module being imported might catch that.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))

    from service.resources import cpu

    cpu.keep_libraries_to_one_thread()


def serve() -> str | None:
    """Serve until told to stop; return in one sentence why that could not be done, if so."""
    prepare()
    from service.settings import SettingsError, read_settings

    try:
        settings = read_settings()
        from service.server import run  # now: a wrong setting is told before seconds of imports

        return run(settings)
    except SettingsError as error:
        return str(error)


def leave(reason: str | None) -> None:
    """End the process, with one sentence on stderr if there is a reason that it should not have ended."""
    from service import leaving

    leaving.leave(1 if reason else 0, reason)


if __name__ == "__main__":
    leave(serve())
