"""`make image-report`: what makes the image large, and whether it keeps within its budget.

The budget is `budget-mb` under [tool.image] in pyproject.toml: megabytes above the base image.
"""

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

BASE_LABEL = "LABEL org.opencontainers.image.base.name"
# Runs in the image. Packages list their sources; slim.py has replaced most of them by byte code.
LIST_PACKAGES = """
import json, pathlib
from importlib.metadata import distributions
sizes = {}
for package in distributions():
    listed = [row.split(",")[0] for row in (package.read_text("RECORD") or "").splitlines()]
    files = [pathlib.Path(package.locate_file(name)) for name in listed]
    files += [file.with_suffix(".pyc") for file in files if file.suffix == ".py"]
    sizes[package.name] = sum(file.stat().st_size for file in files if file.is_file())
print(json.dumps(sizes))
"""


@dataclass(frozen=True)
class Layer:
    """An instruction of the Dockerfile and the bytes that it added."""

    instruction: str
    size: int


def read_layers(history: str) -> list[Layer]:
    """Return the layers above the base image, from `docker history` with one JSON object a line."""
    layers = []
    for line in history.splitlines():
        entry = json.loads(line)
        layers.append(Layer(entry["CreatedBy"].removesuffix(" # buildkit"), int(entry["Size"])))
        if entry["CreatedBy"].startswith(BASE_LABEL):
            return layers
    raise ValueError(f"the image has no `{BASE_LABEL}` right above its base: the Dockerfile sets it")


def report(layers: list[Layer], packages: dict[str, int], budget: int) -> tuple[str, bool]:
    """Return the report, and whether the image keeps within the budget; sizes in bytes."""
    total = sum(layer.size for layer in layers)
    lines = [f"{total / 1e6:.1f} MB above the base image; the budget is {budget / 1e6:.0f} MB", "", "Layers"]
    lines += [f"{layer.size / 1e6:8.1f} MB  {layer.instruction:.80}" for layer in layers if layer.size]
    largest = sorted(packages.items(), key=lambda item: item[1], reverse=True)[:10]
    lines += ["", "Largest packages", *(f"{size / 1e6:8.1f} MB  {name}" for name, size in largest)]
    if total > budget:
        lines += ["", "Too large: remove something, or raise budget-mb under [tool.image] in pyproject.toml."]
    return "\n".join(lines), total <= budget


def run(*command: str) -> str:
    return subprocess.run(["docker", *command], stdout=subprocess.PIPE, text=True, check=True).stdout


def main(image: str) -> int:
    """Print the report and return the exit code."""
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    layers = read_layers(run("history", "--no-trunc", "--human=false", "--format", "json", image))
    packages = json.loads(
        run("run", "--rm", "--entrypoint", "/opt/venv/bin/python", image, "-c", LIST_PACKAGES)
    )
    text, fits = report(layers, packages, round(pyproject["tool"]["image"]["budget-mb"] * 1e6))
    print(text)
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
