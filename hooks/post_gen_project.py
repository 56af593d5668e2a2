"""Make the lock that cannot travel with the template, and say what to do next.

The only program that runs is `uv`. Without it or without a network the project is complete all the same, and
one line says how to make the lock later.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TEXTS = {"project_name", "project_slug", "description", "author"}
# Without a network, say so soon.
ENVIRONMENT = os.environ | {"UV_HTTP_RETRIES": "1"}


def summarize(answers: dict) -> str:
    """Return on one line what was chosen, so that an answer that did not arrive shows."""
    options = [name for name in answers if not name.startswith("_") and name not in TEXTS]
    return f"{answers['project_slug']}: {', '.join(f'{name}={answers[name]}' for name in options)}"


def run(command: list[str], directory: Path, seconds: float = 60) -> tuple[str, str]:
    """Run a command, and return what it printed and why it failed, if it did."""
    try:
        result = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT
        )
    except FileNotFoundError:
        return "", f"{command[0]} is not installed"
    except OSError as error:
        return "", f"{command[0]} cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "", f"`{' '.join(command)}` took longer than {seconds} s"
    return result.stdout.strip(), find_reason(result.stderr) if result.returncode else ""


def find_reason(stderr: str) -> str:
    """Return on one line what uv says of its failure: the error and its first cause."""
    reasons = re.findall(r"^ *(?:error:|cause:|×) *(.*)", stderr, re.MULTILINE)
    return ": ".join(reasons[:2]) or "it gave no reason"


def lock(project: Path, day: str) -> str:
    """Lock releases up to a day, then again to note pyproject.toml's limit; return why there is no lock.

    In another directory: inside a uv workspace, uv would change the lock of the workspace and make none here.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Path(shutil.copy(project / "pyproject.toml", name)).parent
        problem = run(["uv", "lock", "--exclude-newer", day], place)[1] or run(["uv", "lock"], place)[1]
        if not problem:
            shutil.copy(place / "uv.lock", project)
    return problem


def find_workspace(project: Path) -> str:
    """Return what to add to a uv workspace that would take the project in; nothing outside of any."""
    root, _ = run(["uv", "workspace", "dir"], project)
    if not root or Path(root) == project.resolve():
        return ""
    path = project.resolve().relative_to(root).as_posix()
    return f'exclude = ["{path}"] under [tool.uv.workspace] in {Path(root, "pyproject.toml")}'


def find_way(project: Path, start: Path) -> str:
    """Return the way from where cookiecutter was called; if it would lead upwards, the whole path."""
    way = os.path.relpath(project, start)
    return shlex.quote(way if not way.startswith("..") else str(project))


def main() -> None:
    """Say what was chosen, make the lock, and say what to do next."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    sys.stdout.write(f"{summarize(answers)}\n")
    project = Path.cwd()
    place = find_way(project, Path(os.environ.get("PWD", "/")))
    problem = ""
    if answers["package_manager"] == "uv":
        problem = lock(project, answers["_exclude_newer"])
        if workspace := find_workspace(project):
            sys.stderr.write(f"The project has its own lock. Before you develop it, add {workspace}.\n")
    if problem:
        needed = f"With uv {answers['_tools']['oldest_uv']} or newer, run `make lock` in {place}"
        sys.stderr.write(f"uv.lock is not made yet ({problem}). {needed} before the first build.\n")
    else:
        start = filter(None, [answers["__derived"]["fill"], "make up"])
        sys.stdout.write(f"{answers['project_slug']} is ready: cd {place} && {' && '.join(start)}\n")


if __name__ == "__main__":
    main()
