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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import load
from load import make_request
from measured import MeasurementError
from project import ask

from serving.stacks import LIVE, Stack, strongest

# Seconds in which every stack is up, even on a slow machine.
PATIENCE = 60


@dataclass
class Running:
    """A stack that answers, in a process of its own."""

    stack: Stack
    port: int
    process: subprocess.Popen[bytes]
    start: float = math.nan
    """Seconds from the start of the process to its first answer."""

    def answer(self) -> float:
        """Ask once and return the largest number of the answer."""
        status, answer = ask(f"http://127.0.0.1:{self.port}{self.stack.path}", self.stack.body)
        if status != 200:
            raise ConnectionError(f"{self.stack.name} answered {status}: {answer}")
        return strongest(answer)

    def memory(self) -> int:
        """Return the bytes of the process, and its share of what it has in common with others (PSS)."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, connections: int, seconds: float, core: int) -> dict[str, float]:
        """Load it over this many connections and ask for its health meanwhile; return rate and latencies.

        The CPU time of a request says more than the rate on a machine that does other things too.
        Raises `MeasurementError` unless every request was answered with 200.
        """
        target = {"host": "127.0.0.1", "port": self.port, "seconds": seconds}
        request = make_request("POST", self.stack.path, self.stack.body).decode()
        cpu = self.cpu_seconds()
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
        cpu_us = (self.cpu_seconds() - cpu) / loaded["statuses"]["200"] * 1e6
        return {name: loaded[name] for name in ("rate", "p50_ms", "p99_ms")} | {"cpu_us": cpu_us} | health


def start_client(parameters: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the load client in a process of its own."""
    return subprocess.Popen([sys.executable, load.__file__, json.dumps(parameters)], stdout=subprocess.PIPE)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Let what is started meanwhile run on this core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(stack: Stack, port: int, core: int) -> Iterator[Running]:
    """Start a stack on one core, wait for its first answer, and stop it in the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        with pinned(core):
            process = subprocess.Popen(
                stack.command, env=environment | stack.environment, stdout=log, stderr=log
            )
        found = Running(stack, port, process)
        try:
            try:
                wait_for_answer(found, began + PATIENCE)
            except MeasurementError as error:
                log.seek(0)
                raise MeasurementError(f"{error}\n{log.read().decode()}") from None
            found.start = time.perf_counter() - began
            yield found
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
