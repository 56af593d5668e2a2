"""Lock the dependencies of the new project, if its lock could not travel with the template.

The only program that runs is the package manager's own lock command. Without it or without a network
the project is whole all the same, and one line says how to make the lock later.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

TEXTS = {"project_name", "project_slug", "description", "author"}
SECONDS = 60
# Without a network, say so soon.
ENVIRONMENT = os.environ | {"UV_HTTP_RETRIES": "1"}


def summarize(answers: dict) -> str:
    """Return on one line what was chosen, so that an answer that did not arrive shows."""
    options = [name for name in answers if not name.startswith("_") and name not in TEXTS]
    return f"{answers['project_slug']}: {', '.join(f'{name}={answers[name]}' for name in options)}"


def lock(command: list[str], seconds: float = SECONDS) -> str | None:
    """Run a lock command in the new project; return why there is no lock, if so."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT, check=False
        )
    except FileNotFoundError:
        return f"{command[0]} is not installed; its documentation says how"
    except OSError as error:
        return f"{command[0]} cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"`{' '.join(command)}` took longer than {seconds} s"
    return None if result.returncode == 0 else find_reason(result.stderr)


def find_reason(stderr: str) -> str:
    """Return on one line what a lock command says of its failure: the error and its first cause."""
    reasons = re.findall(r"^ *(?:error|cause): *(.*)", stderr, re.MULTILINE)
    return ": ".join(reasons[:2]) or "it gave no reason"


def find_way(project: Path, start: Path) -> str:
    """Return the way from where cookiecutter was called; if it would lead upwards, the whole path."""
    way = os.path.relpath(project, start)
    return shlex.quote(way if not way.startswith("..") else str(project))


def main() -> None:
    """Say what was chosen, make the lock, and say what to do next."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    sys.stdout.write(f"{summarize(answers)}\n")
    manager = answers["_package_managers"][answers["package_manager"]]
    place = find_way(Path.cwd(), Path(os.environ.get("PWD", "/")))
    problem = lock(manager["lock_command"]) if manager["lock_command"] else None
    if not problem and not Path(manager["lock_file"]).exists():
        problem = "a workspace around this directory has taken it"
    if problem:
        missing = f"{manager['lock_file']} is not made yet ({problem})"
        sys.stderr.write(f"{missing}: run `make lock` in {place} before the first build.\n")
    else:
        start = filter(None, [answers["__derived"]["fill"], "docker compose up --build --wait"])
        sys.stdout.write(f"{answers['project_slug']} is ready: cd {place} && {' && '.join(start)}\n")


if __name__ == "__main__":
    main()
