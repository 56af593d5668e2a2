"""`python -m service`: settings from the environment, then the server, then an exit code."""

import os
import signal
import sys


def prepare() -> None:
    """Do what must come before the imports."""
    # PID 1 of a container is deaf to a signal until it handles it, and the imports take a moment. Not
    # sys.exit: some module being imported might catch that.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))

    from service import cpu

    cpu.keep_libraries_to_one_thread()


def main() -> None:
    """Serve, and leave with one sentence on stderr if that cannot be done."""
    prepare()
    from service.server import run
    from service.settings import SettingsError, read_settings

    try:
        sys.exit(run(read_settings()))
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
