"""Import every module that there is and print what went wrong with each: test_diet.py runs this."""

import importlib
import json
import os
import sys
import sysconfig
from pathlib import Path

# What is no module to import, opens a browser, prints poems, or is a program.
SKIPPED = {"__main__", "__pycache__", "site-packages", "antigravity", "this", "idlelib", "turtledemo"}
SKIPPED |= {"__phello__", "__hello__"}


def modules(root: Path) -> set[str]:
    """Return the names of all modules below a directory."""
    names = set()
    for pattern in ("*.py", "*.pyc", "*.so"):
        for path in root.rglob(pattern):
            parts = [*path.relative_to(root).parent.parts, path.name.partition(".")[0]]
            parts = parts[1:] if parts[0] == "lib-dynload" else parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if not SKIPPED & {*parts} and all(part.isidentifier() for part in parts):
                names.add(".".join(parts))
    return names


def attempt(name: str) -> str:
    """Import a module; return what went wrong."""
    try:
        importlib.import_module(name)
    except BaseException as error:
        return repr(error)
    return ""


def main() -> None:
    """Import everything of the environment and of the standard library."""
    # What modules print at their import is nobody's business here.
    output = os.dup(1)
    os.dup2(2, 1)
    found = set().union(*(modules(Path(sysconfig.get_path(kind))) for kind in ("purelib", "stdlib")))
    answers = {name: attempt(name) for name in sorted(found)}
    os.write(output, json.dumps(answers).encode())
    os._exit(0)  # whatever threads were started


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    main()
