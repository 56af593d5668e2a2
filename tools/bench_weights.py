"""Measure what a model of 1 GB costs when several containers serve it, and how soon: `make bench-weights`.

For each way to save it: the memory of one and of four containers that share a volume, as the sum of their
proportional set sizes (a page that four processes map counts a quarter for each) and of their anonymous
memory, and the seconds from finding the model to ready with the file in the page cache and, where this user
may drop that, without. Beside them stands the time that reading the files once takes. The table goes to
docs/models.md by hand. It takes 6 GB of disk and as much memory, and some five minutes.
"""

import os
import platform
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from answers import nearest
from project import Project, render, run
from rich.console import Console
from rich.table import Table

CONTAINERS = 4
RUNS = 3
MEMORY_LIMIT = "4g"
TOOLS = Path(__file__).parent
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
# Each way to save the model, and the model runtime that serves it.
WAYS = {
    "safetensors": "custom",
    "one-file": "onnxruntime",
    "external": "onnxruntime",
    "packed": "onnxruntime",
}
ROLLUP = "print(open('/proc/1/smaps_rollup').read())"
console = Console(width=120, highlight=False)


@contextmanager
def served(project: Project, volume: Path, number: int) -> Iterator[Project]:
    """Serve a volume in one more container of the same image, and ask it a few times."""
    environment = {"MODEL_VOLUME": str(volume), "MEMORY_LIMIT": MEMORY_LIMIT}
    another = Project(project.path)
    names = {"COMPOSE_PROJECT_NAME": f"{project.image}-{number}"}
    with another.running("--wait", **environment, **names):
        for _ in range(3):
            another.predict()
        yield another


def read_memory(project: Project, number: int) -> dict[str, float]:
    """Return the memory of a container's process in MiB, by the kernel's names."""
    command = ["exec", "--no-TTY", "service", "/opt/venv/bin/python", "-c", ROLLUP]
    text = project.compose(*command, COMPOSE_PROJECT_NAME=f"{project.image}-{number}")
    return {name: int(size) / 1024 for name, size in re.findall(r"(\w+): +(\d+) kB", text)}


def measure_memory(project: Project, volume: Path, count: int) -> list[float]:
    """Return the sums of proportional and of anonymous memory over so many containers, in MiB."""
    with ExitStack() as stack:
        containers = [stack.enter_context(served(project, volume, number)) for number in range(count)]
        memories = [read_memory(container, number) for number, container in enumerate(containers)]
        return [sum(memory[name] for memory in memories) for name in ("Pss", "Pss_Anon")]


def measure_load(project: Project, volume: Path) -> float:
    """Return the seconds that a container says its model took from finding to ready."""
    with served(project, volume, 0) as container:
        text = ask_text(f"http://127.0.0.1:{container.port}/metrics")
    return float(re.search(r"^model_load_seconds (\S+)$", text, re.MULTILINE)[1])


def ask_text(url: str) -> str:
    """Return what a service answers, as text."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310
        return answer.read().decode()


def read_once(volume: Path) -> float:
    """Return the seconds that reading every file once takes, as `cat` does it."""
    began = time.perf_counter()
    for path in volume.rglob("model.*"):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass
    return time.perf_counter() - began


def drop_caches() -> None:
    """Let the kernel forget what it has read."""
    os.sync()
    DROP_CACHES.write_text("3")


def median(action: Callable[[], float], before: Callable[[], object] = lambda: None) -> float:
    """Return the median of several runs, each after something that is not measured."""
    figures = []
    for _ in range(RUNS):
        before()
        figures.append(action())
    return statistics.median(figures)


def measure(project: Project, volume: Path) -> list[str]:
    """Return the cells of one row."""
    read_once(volume)
    times = [median(lambda: read_once(volume)), median(lambda: measure_load(project, volume))]
    if os.access(DROP_CACHES, os.W_OK):
        times.append(median(lambda: read_once(volume), drop_caches))
        times.append(median(lambda: measure_load(project, volume), drop_caches))
    memory = [figure for count in (1, CONTAINERS) for figure in measure_memory(project, volume, count)]
    return [*(f"{mib:.0f}" for mib in memory), *(f"{seconds:.2f}" for seconds in times)]


def main() -> None:
    """Measure each way."""
    columns = ["saved as", "PSS ×1", "anonymous ×1", f"PSS ×{CONTAINERS}", f"anonymous ×{CONTAINERS}"]
    columns += ["read, warm", "load, warm", "read, cold", "load, cold"]
    table = Table(
        *columns, title=f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} processors"
    )
    with tempfile.TemporaryDirectory(prefix="weights-") as directory:
        root = Path(directory)
        root.chmod(0o755)
        run(["uv", "run", str(TOOLS / "large_models.py"), directory], TOOLS)
        projects = {}
        for runtime in set(WAYS.values()):
            answers = nearest("model_runtime", runtime) | {"project_slug": f"weights-{runtime}"}
            projects[runtime] = Project(render(answers, root / "projects"))
            projects[runtime].compose("build")
        for way, runtime in WAYS.items():
            table.add_row(way, *measure(projects[runtime], root / way))
            console.print(table)


if __name__ == "__main__":
    main()
