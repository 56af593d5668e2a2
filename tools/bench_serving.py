"""Compare the rendered service with the tutorial way, in one run on this machine: `make bench-serving`.

The default project, the baselines of serving/tutorial.py and the floor of serving/bare.py answer for the
same models in the same environment, one process on one core, asked from another core over 1 to 256
connections. Each figure is the median of some rounds, in each of which every stack has its turn. What the
figures may be compared with is each other. Everything is written to docs/serving.json, from which
docs/serving.md and its charts are made; with `--quick`, which takes half a minute, nothing is written.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

from measured import MeasurementError, surroundings
from project import TEMPLATE as REPOSITORY
from project import render, run
from rich.console import Console
from rich.table import Table
from serving.figures import CONNECTIONS, MEASUREMENTS, Figures, medians
from serving.measure import Running, running
from serving.page import write_page
from serving.stacks import MODELS, STACKS, TEMPLATE, TUTORIAL, Stack

ROUNDS, SECONDS, WARM_UP = 3, 3.0, 0.5
MAKE_MODELS = REPOSITORY / "tools" / "serving" / "make_models.py"
PACKAGES = ("fastapi", "uvicorn", "numpy", "onnxruntime")
console = Console(width=120, highlight=False)

Cell = tuple[str, Stack, int]
Process = tuple[str, Stack]


def prepare(directory: Path) -> tuple[Path, Path]:
    """Install the default project, put the models on a volume; return the Python and the volume."""
    project = render({"project_slug": "bench-serving"}, directory)
    run(["uv", "sync", "--quiet", "--locked", "--no-dev"], project, VIRTUAL_ENV="")
    python, volume = project / ".venv" / "bin" / "python", directory / "models"
    volume.mkdir()
    wanted = [f"{name}={sizes}" for name, sizes in MODELS.items()]
    run(["uv", "run", "--quiet", "--script", str(MAKE_MODELS), str(directory), *wanted], directory)
    for name in MODELS:
        add = [str(python), "-m", "service.models", "add", f"{directory / name}.onnx", "--name", name]
        run(add, directory, MODEL_REPOSITORY=str(volume), SERVE_PREDICT="false")
    return python, volume


def check_answers(python: Path, volume: Path, core: int) -> None:
    """Start every stack once, which warms caches, and see that all of them give the same answers."""
    for model in MODELS:
        answers = []
        for stack in STACKS:
            with running(stack, model, python, volume, core) as found:
                answers.append(found.answer())
        if any(abs(a - b) > 1e-5 for other in answers for a, b in zip(answers[0], other, strict=True)):
            raise MeasurementError(f"the stacks do not give the same answers for the model {model}")


def measure(found: Running, loads: list[int], seconds: float, core: int) -> dict[int, dict[str, float]]:
    """Return what each number of connections gives."""
    found.measure(loads[-1], WARM_UP, core)
    return {connections: found.measure(connections, seconds, core) for connections in loads}


def measure_all(
    python: Path, volume: Path, rounds: int, seconds: float, loads: list[int]
) -> dict[str, list[dict[str, Any]]]:
    """Return the medians of all cells and all processes."""
    server_core, client_core = sorted(os.sched_getaffinity(0))[:2]
    check_answers(python, volume, server_core)
    cells: dict[Cell, list[dict[str, float]]] = defaultdict(list)
    processes: dict[Process, list[dict[str, float]]] = defaultdict(list)
    for number, model, stack in product(range(rounds), MODELS, STACKS):
        with running(stack, model, python, volume, server_core) as found:
            for connections, figures in measure(found, loads, seconds, client_core).items():
                cells[model, stack, connections].append(figures)
            processes[model, stack].append({"memory": found.memory(), "start": found.start})
        rates = "  ".join(f"{cells[model, stack, each][-1]['rate']:.0f}" for each in loads)
        console.print(f"round {number + 1} of {rounds}: {model:8}{stack.title:24}{rates} requests/s")
    return {
        "cells": [
            {"model": model, "stack": stack.name, "connections": connections} | medians(figures)
            for (model, stack, connections), figures in cells.items()
        ],
        "processes": [
            {"model": model, "stack": stack.name} | medians(figures)
            for (model, stack), figures in processes.items()
        ],
    }


def show(figures: Figures, loads: list[int]) -> Table:
    """Return the table of all cells."""
    table = Table("model", title="Medians")
    table.add_column("stack", no_wrap=True)
    columns = (
        "connections",
        "requests/s",
        "× tutorial",
        "p50 ms",
        "p99 ms",
        "health p99 ms",
        "max",
        "MiB",
        "start s",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for model, stack, connections in product(MODELS, STACKS, loads):
        cell, process = figures.cell(model, stack, connections), figures.process(model, stack)
        ratio = cell["rate"] / figures.cell(model, TUTORIAL, connections)["rate"]
        last = connections == loads[-1]
        table.add_row(
            model,
            stack.title,
            str(connections),
            f"{cell['rate']:.0f}",
            f"{ratio:.2f}",
            *(f"{cell[name]:.1f}" for name in ("p50_ms", "p99_ms", "health_p99_ms", "health_max_ms")),
            f"{process['memory'] / 2**20:.0f}" if last else "",
            f"{process['start']:.2f}" if last else "",
            end_section=last,
            style="bold" if stack is TEMPLATE else "",
        )
    return table


def list_versions(python: Path) -> dict[str, str]:
    """Return the versions of what every stack is made of."""
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    printed = run([str(python), "-c", code, *PACKAGES], python.parent)
    return dict(zip(PACKAGES, printed.split(), strict=True))


def main() -> None:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round, for trying; writes nothing")
    quick = parser.parse_args().quick
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        sys.exit("This needs Linux and two cores: one for the server, one for those who ask it.")
    rounds, seconds, loads = (1, 0.7, [1, 64, 256]) if quick else (ROUNDS, SECONDS, list(CONNECTIONS))
    directory = Path(tempfile.mkdtemp(prefix="bench-serving-"))
    try:
        python, volume = prepare(directory)
        found = {
            **surroundings(),
            "python": run([str(python), "--version"], directory).split()[1],
            "versions": list_versions(python),
            "rounds": rounds,
            "seconds": seconds,
            **measure_all(python, volume, rounds, seconds, loads),
        }
    except MeasurementError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(directory)
    figures = Figures(found)
    console.print(show(figures, loads))
    for goal in figures.goals():
        console.print(str(goal))
    if not quick:
        MEASUREMENTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_page()


if __name__ == "__main__":
    main()
