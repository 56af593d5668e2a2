"""Lock newer releases: `make locks` calls this, then runs the tests that prove the new locks.

The date up to which releases are locked moves in the table of facts, for generated projects, and in
pyproject.toml, for the template's own tools; the newest releases are given a few days to be found bad by
others. (The training scripts keep their own dates, so that they give the same models.) Made anew with it
are the locks that travel in templates/locks, each for all Pythons on offer, and the names of all
distributions in them, which no project may bear. A uv.lock holds addresses and does not travel; it comes to
the same.
"""

import json
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from poetry.factory import Factory
from project import TEMPLATE, poetry_settings, render, run

DAYS_TO_RIPEN = 5
FACTS = TEMPLATE / "cookiecutter.json"
LOCKS = TEMPLATE / "templates" / "locks"
BUILD_TOOLS = LOCKS / "poetry.txt"
BUILD_TOOLS_HEADER = "# Poetry in the builder stage: what turns poetry.lock into requirements with hashes.\n"


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace what stands once in a file between the two groups of a pattern."""
    found, count = re.subn(pattern, rf"\g<1>{text}\g<2>", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    if count != 1:
        sys.exit(f"{path.name} holds {pattern} {count} times, not once: put it right before locking anew.")
    path.write_text(found, encoding="utf-8")


def facts() -> dict:
    """Return the option table as it is now."""
    return json.loads(FACTS.read_text(encoding="utf-8"))


def python_versions() -> list[str]:
    """Return the Pythons on offer, the oldest first: what is locked for it holds for the others too."""
    return sorted(facts()["python_version"], key=lambda version: [int(part) for part in version.split(".")])


def pip_locks(runtime: str) -> dict[str, Path]:
    """Return where the template keeps each of the requirements files of a project."""
    return {
        "requirements-dev.txt": LOCKS / "pip" / f"{runtime}-dev.txt",
        "requirements.txt": LOCKS / "pip" / f"{runtime}.txt",
    }


def poetry_lock(runtime: str) -> Path:
    """Return where the template keeps the poetry.lock of a project."""
    return LOCKS / "poetry" / f"{runtime}.lock"


@contextmanager
def rendered(manager: str, runtime: str) -> Iterator[Path]:
    """Render a project for the oldest Python, even if it has no locks yet."""
    for path in (*pip_locks(runtime).values(), poetry_lock(runtime), BUILD_TOOLS):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    answers = {"package_manager": manager, "model_runtime": runtime, "python_version": python_versions()[0]}
    with tempfile.TemporaryDirectory() as directory:
        yield render(answers, Path(directory), hooks=False)


def lock_for_pip(runtime: str) -> None:
    """Make the requirements files as a project does."""
    with rendered("pip", runtime) as project:
        for name in pip_locks(runtime):
            (project / name).unlink()
        run(["make", "lock", f"UV={shutil.which('uv')}"], project)
        for name, path in pip_locks(runtime).items():
            shutil.copy(project / name, path)


def read_pins(runtime: str) -> list[str]:
    """Return what is locked for service and development, without the hashes."""
    text = pip_locks(runtime)["requirements-dev.txt"].read_text(encoding="utf-8")
    return re.findall(r"^\w.*?(?= \\$)", text, flags=re.M)


def lock_for_poetry(runtime: str) -> None:
    """Make poetry.lock with the versions of the requirements files.

    Poetry keeps the versions of a lock that is there. So it first locks a project that asks for exactly
    these versions, then the real one. The lock is the same for each Python, but for a hash of pyproject.toml.
    """
    exact = "".join(f"  {json.dumps(pin)},\n" for pin in read_pins(runtime))
    path = poetry_lock(runtime)
    with rendered("poetry", runtime) as project:
        pyproject = project / "pyproject.toml"
        real = pyproject.read_text(encoding="utf-8")
        (project / "poetry.lock").unlink()
        for text in (real.replace("\ndependencies = [\n", f"\ndependencies = [\n{exact}"), real):
            pyproject.write_text(text, encoding="utf-8")
            run(["poetry", "lock"], project, **poetry_settings())
        shutil.copy(project / "poetry.lock", path)
        hashes = {}
        for version in python_versions():
            replace(pyproject, r'(^requires-python = ">=)[^"]*(")', version)
            hashes[version] = Factory().create_poetry(project).locker._get_content_hash()
    replace(path, r'(^\[metadata\]\n.*^python-versions = ">=)[^"]*(")', "{{ cookiecutter.python_version }}")
    replace(path, r'(^content-hash = ")[^"]*(")', f"{{{{ {hashes}[cookiecutter.python_version] }}}}")


def lock_build_tools() -> None:
    """Lock Poetry itself, for the builder stage."""
    tools = facts()["_tools"]
    wanted = [f"{name}=={tools[name]}" for name in ("poetry", "poetry-plugin-export")]
    command = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-annotate",
        "--no-header",
    ]
    command += ["--only-binary", ":all:", "--python-version", python_versions()[0]]
    command += ["--exclude-newer", facts()["_exclude_newer"], "wanted.txt"]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "wanted.txt").write_text("\n".join(wanted), encoding="utf-8")
        BUILD_TOOLS.write_text(BUILD_TOOLS_HEADER + run(command, Path(directory)), encoding="utf-8")


def find_distributions() -> list[str]:
    """Return the names of all distributions that the locks of generated projects hold."""
    pins = [pin for runtime in facts()["_model_runtimes"] for pin in read_pins(runtime)]
    return sorted({pin.partition("==")[0] for pin in pins})


def main() -> None:
    """Move the date, lock, write the names down."""
    day = f"{datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN):%Y-%m-%d}"
    replace(FACTS, r'("_exclude_newer": ")[^"]*(")', f"{day}T00:00:00Z")
    replace(TEMPLATE / "pyproject.toml", r'(^exclude-newer = ")[^"]*(")', f"{day}T00:00:00Z")
    for runtime in facts()["_model_runtimes"]:
        lock_for_pip(runtime)
        lock_for_poetry(runtime)
    lock_build_tools()
    names = json.dumps(find_distributions())[1:-1]
    lines = textwrap.indent(textwrap.fill(names, 106, break_on_hyphens=False), "    ")
    replace(FACTS, r'("_distributions": \[\n).*?(\n  \])', lines)
    sys.stdout.write(f"Releases up to {day} are locked from now on.\n")


if __name__ == "__main__":
    main()
