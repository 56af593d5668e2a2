"""Work that goes on beside other work, in a thread that the end of the process does not wait for."""

import threading
from collections.abc import Callable


class Beside:
    """A function that runs in a thread of its own."""

    def __init__(self, function: Callable[[], object]) -> None:
        """Start it."""
        self._function = function
        self._error: BaseException | None = None
        # A daemon, unlike those of concurrent.futures: a stop need not wait until gigabytes are read.
        self._thread = threading.Thread(target=self._run, name="beside", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._error = error

    def wait(self) -> None:
        """Wait until it is done; raise what it raised."""
        self._thread.join()
        if self._error:
            raise self._error
