"""Make the image small and quick to start; the Dockerfile runs this at the end of the builder stage.

It removes what removals.toml lists, imports the service, and replaces what that imported by byte code. Base
images have none, and a read-only container cannot keep any. Tracebacks show no source lines of packages then.
"""

import compileall
import py_compile
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode as Mode

LIBRARY = Path(shutil.__file__).parent
PACKAGES = Path("/opt/venv/lib", LIBRARY.name, "site-packages")
APP = Path("/app")
# The lowest layer: the interpreter, or only its byte code if the base image has an interpreter.
INTERPRETER = Path("/interpreter")
# Starts the service without a model, and lists what was imported until it ended.
START = """
import os, runpy, sys, anyio._backends._asyncio
def end(*_, exit=os._exit):
    print(*(getattr(module, "__file__", 0) for module in [*sys.modules.values()]), sep="\\n", flush=True)
    exit(0)
os._exit, sys.exit, sys.argv, os.environ["PORT"] = end, end, ["service"], "47619"
runpy.run_module("service", run_name="__main__", alter_sys=True)
end()
"""


def parse(requirement: str) -> tuple[str, set[str], set[str]]:
    """Return the package that a requirement names, its extras, and the extras that require it."""
    requirement, _, marker = re.sub(r"[-_.]+", "-", requirement.lower()).partition(";")
    name, extras = re.findall(r"^\s*([\w-]+)\s*(?:\[([\w, -]*)\])?", requirement)[0]
    return name, set(re.findall(r"[\w-]+", extras)), set(re.findall(r"extra *= *= *['\"]([\w-]+)", marker))


def needed(installed: dict[str, list[str]], wanted: list[str], unused: dict[str, dict[str, str]]) -> set[str]:
    """Return the wanted packages and all that they require, without unused requirements."""
    found = set()
    waiting = [(name, extra) for name, extras, _ in map(parse, wanted) for extra in ("", *extras)]
    while waiting:
        package, extra = waiting.pop()
        if package in installed and (package, extra) not in found:
            found.add((package, extra))
            for name, extras, condition in map(parse, installed[package]):
                if name not in unused.get(package, {}) and (extra in condition if condition else not extra):
                    waiting += [(name, extra) for extra in ("", *extras)]
    return {name for name, _ in found}


def remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def compile_module(source: Path, kept: Iterable[str]) -> None:
    """Compile a module in its place if this image brings it, else for the layer above the base image."""
    place = source if source.is_relative_to(PACKAGES) else INTERPRETER / source.relative_to("/")
    is_replaced = place.exists() and not set(kept) & set(source.parts)
    target = place.with_suffix(".pyc") if is_replaced else cache_from_source(str(place))
    # Not compared with the source at each start: layers do not change.
    py_compile.compile(str(source), str(target), doraise=True, invalidation_mode=Mode.UNCHECKED_HASH)
    if is_replaced:
        place.unlink()


def main() -> None:
    plan = tomllib.loads(Path(__file__).with_name("removals.toml").read_text())
    wanted = tomllib.loads((APP / "pyproject.toml").read_text())["project"]["dependencies"]
    packages = {parse(each.name)[0]: each for each in distributions(path=[str(PACKAGES)])}
    installed = {name: each.requires or [] for name, each in packages.items()}
    for name in installed.keys() - needed(installed, wanted, plan["requirements"]):
        remove(Path(str(file.locate())) for file in packages[name].files or [])
    for root, part in ((PACKAGES, "packages"), (INTERPRETER / LIBRARY.relative_to("/"), "interpreter")):
        remove(path for pattern in plan.get(part, ()) for path in root.glob(pattern))
    for directory in sorted(PACKAGES.rglob("*/"), reverse=True):
        if not any(directory.iterdir()):
            directory.rmdir()
    command = ["/opt/venv/bin/python", "-Bc", START]
    started = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if started.returncode:
        sys.exit(f"{started.stderr}the service cannot start: see tools/removals.toml")
    for source in set(map(Path, started.stdout.split())):
        if source.suffix == ".py" and not source.is_relative_to(APP):
            compile_module(source, plan["sources"])
    compileall.compile_dir(APP, quiet=1, invalidation_mode=Mode.CHECKED_HASH)


if __name__ == "__main__":
    main()
