"""Start a stack on one core, load it from another, and look at what it needs."""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import load
from measured import MeasurementError
from project import ask, free_port

from serving.stacks import LIVE, Stack

# Seconds in which every stack is up, even on a slow machine.
PATIENCE = 60


@dataclass
class Running:
    """A stack that answers, in a process of its own."""

    stack: Stack
    model: str
    port: int
    process: subprocess.Popen[bytes]
    start: float = math.nan
    """Seconds from the start of the process to its first answer."""

    def answer(self) -> list[float]:
        """Ask once and return the numbers of the answer."""
        head, _, body = self.stack.request(self.model).partition(b"\r\n\r\n")
        path = head.split()[1].decode()
        status, answer = ask(f"http://127.0.0.1:{self.port}{path}", body)
        if status != 200:
            raise ConnectionError(f"{self.stack.name} answered {status}: {answer}")
        return self.stack.read(answer)

    def memory(self) -> int:
        """Return the bytes that the process has for itself and its share of what others have too (PSS)."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024

    def measure(self, connections: int, seconds: float, core: int) -> dict[str, float]:
        """Load it over so many connections while its health is asked for; return rate and latencies.

        Raises `MeasurementError` unless every request was answered with 200.
        """
        target = {"host": "127.0.0.1", "port": self.port, "seconds": seconds}
        request = self.stack.request(self.model).decode()
        with pinned(core):
            loading = start_client(target | {"request": request, "connections": connections})
            probing = start_client(target | {"request": LIVE.decode(), "every": 0.02})
        loaded, probed = (
            json.loads(client.communicate(timeout=seconds + PATIENCE)[0]) for client in (loading, probing)
        )
        for found in (loaded, probed):
            if found["statuses"].keys() != {"200"} or found["lost"] or found["refused"]:
                raise MeasurementError(f"{self.stack.name} with {connections} connections: {found}")
        health = {f"health_{name}": probed[name] for name in ("p50_ms", "p99_ms", "max_ms")}
        return {name: loaded[name] for name in ("rate", "p50_ms", "p99_ms")} | health


def start_client(parameters: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the load client in a process of its own."""
    return subprocess.Popen([sys.executable, load.__file__, json.dumps(parameters)], stdout=subprocess.PIPE)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Have what is started meanwhile run on this core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(stack: Stack, model: str, python: Path, volume: Path, core: int) -> Iterator[Running]:
    """Start a stack on one core, wait for its first answer, and stop it in the end."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= stack.environment(model, volume, port)
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        with pinned(core):
            process = subprocess.Popen(stack.command(python, port), env=environment, stdout=log, stderr=log)
        try:
            found = Running(stack, model, port, process)
            try:
                wait_for_answer(found, began + PATIENCE)
            except MeasurementError as error:
                log.seek(0)
                raise MeasurementError(f"{error}\n{log.read().decode()}") from None
            yield replace(found, start=time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for_answer(found: Running, deadline: float) -> None:
    """Wait until the model answers; raise `MeasurementError` if it does not."""
    while True:
        try:
            found.answer()
        except OSError as error:
            if found.process.poll() is not None or time.perf_counter() > deadline:
                raise MeasurementError(f"{found.stack.name} does not answer: {error}") from None
            time.sleep(0.01)
        else:
            return
