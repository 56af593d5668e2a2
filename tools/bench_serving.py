"""Compare the service with a tutorial that serves the same models: `make bench-serving`.

Each stack is one process on one core; the clients ask from another. Stacks take turns, and each figure is the
median of some rounds, so compare the figures with each other. All are written to docs/serving.json, and
docs/serving.md is made from it. `--quick` takes a minute and writes nothing.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from measured import MeasurementError, surroundings
from project import free_port, run
from rich.console import Console
from rich.table import Table
from serving.figures import CONNECTIONS, MEASUREMENTS, Figures, medians
from serving.measure import Running, running
from serving.page import write_page
from serving.stacks import (
    BEFORE,
    CASES,
    SERVICE,
    TITLES,
    TUTORIAL,
    Case,
    Installed,
    Stack,
    install,
    make_network,
)

ROUNDS, SECONDS, WARM_UP = 5, 2.0, 0.3
PACKAGES = ("fastapi", "uvicorn", "numpy", "onnxruntime")
console = Console(width=120, highlight=False)


def prepare(directory: Path, before: Path | None) -> dict[str, Installed]:
    """Render and install the projects: one for each API, and that of another template, if there is one."""
    network = make_network(directory)
    projects = {
        api: install(directory / api, network, api=api) for api in sorted({case.api for case in CASES})
    }
    if before:
        projects[BEFORE] = install(directory / BEFORE, network, before)
    return projects


def make_stacks(projects: dict[str, Installed], case: Case) -> list[tuple[Stack, int]]:
    """Return the stacks of a case, each with its port."""
    service, before = projects[case.api], projects.get(BEFORE)
    stacks = [(service.stack(SERVICE, case, port := free_port()), port)]
    stacks.append((service.tutorial(case, port := free_port()), port))
    if before:
        stacks.append((before.stack(BEFORE, case, port := free_port()), port))
    return stacks


def check_answers(found: list[Running]) -> None:
    """Raise `MeasurementError` unless all stacks give the same answer."""
    answers = {each.stack.name: each.answer() for each in found}
    if max(answers.values()) - min(answers.values()) > 1e-4:
        raise MeasurementError(f"the stacks do not give the same answer: {answers}")


def measure_all(
    projects: dict[str, Installed], cases: list[Case], rounds: int, seconds: float, loads: list[int]
) -> dict[str, list[dict[str, Any]]]:
    """Return the medians of all cells and all processes."""
    server_core, client_core = sorted(os.sched_getaffinity(0))[:2]
    cells: dict[tuple[Case, str, int], list[dict[str, float]]] = defaultdict(list)
    processes: dict[tuple[Case, str], list[dict[str, float]]] = defaultdict(list)
    for number in range(rounds):
        for case in cases:
            with ExitStack() as running_stacks:
                found = [
                    running_stacks.enter_context(running(stack, port, server_core))
                    for stack, port in make_stacks(projects, case)
                ]
                check_answers(found)
                for each in found:
                    each.measure(loads[-1], WARM_UP, client_core)
                for connections in loads:
                    for each in found:
                        figures = each.measure(connections, seconds, client_core)
                        cells[case, each.stack.name, connections].append(figures)
                for each in found:
                    figures = {"memory": each.memory(), "start": each.start}
                    processes[case, each.stack.name].append(figures)
            console.print(f"round {number + 1} of {rounds}: {case.title}")
    return {
        "cells": [
            {"case": case.name, "stack": stack, "connections": connections} | medians(figures)
            for (case, stack, connections), figures in cells.items()
        ],
        "processes": [
            {"case": case.name, "stack": stack} | medians(figures)
            for (case, stack), figures in processes.items()
        ],
    }


def show(figures: Figures) -> Table:
    """Return the table of all cells."""
    table = Table(title="Medians")
    table.add_column("case", no_wrap=True)
    table.add_column("stack", no_wrap=True)
    for column in (
        "clients",
        "req/s",
        "×",
        "CPU µs",
        "CPU ×",
        "p50 ms",
        "p99 ms",
        "health p99",
        "MiB",
        "start s",
    ):
        table.add_column(column, justify="right")
    for case in figures.cases:
        for stack in figures.stacks:
            process = figures.process(case, stack)
            for connections in figures.connections:
                cell, last = figures.cell(case, stack, connections), connections == figures.connections[-1]
                table.add_row(
                    case.title,
                    TITLES[stack],
                    str(connections),
                    f"{cell['rate']:.0f}",
                    f"{figures.ratio(case, connections, stack):.2f}",
                    f"{cell['cpu_us']:.0f}",
                    f"{figures.cell(case, TUTORIAL, connections)['cpu_us'] / cell['cpu_us']:.2f}",
                    *(f"{cell[name]:.1f}" for name in ("p50_ms", "p99_ms", "health_p99_ms")),
                    f"{process['memory'] / 2**20:.0f}" if last else "",
                    f"{process['start']:.2f}" if last else "",
                    end_section=last and stack == figures.stacks[-1],
                    style="" if stack == TUTORIAL else "bold",
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
    parser.add_argument("--before", type=Path, help="another checkout of the template, measured too")
    parser.add_argument(
        "--case", choices=[case.name for case in CASES], help="measure this one; writes nothing"
    )
    given = parser.parse_args()
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        sys.exit("This needs Linux and two cores: one for the server, one for the clients.")
    rounds, seconds, loads = (1, 1.0, [1, 64]) if given.quick else (ROUNDS, SECONDS, list(CONNECTIONS))
    cases = [case for case in CASES if given.case in (None, case.name)]
    directory = Path(tempfile.mkdtemp(prefix="bench-serving-"))
    try:
        projects = prepare(directory, given.before)
        python = projects[cases[0].api].python
        found = {
            **surroundings(),
            "python": run([str(python), "--version"], directory).split()[1],
            "versions": list_versions(python),
            "rounds": rounds,
            "seconds": seconds,
            **measure_all(projects, cases, rounds, seconds, loads),
        }
    except MeasurementError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(directory)
    figures = Figures(found)
    console.print(show(figures))
    for goal in figures.goals():
        console.print(str(goal))
    if not given.quick and not given.case:
        MEASUREMENTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_page()


if __name__ == "__main__":
    main()
