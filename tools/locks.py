"""Lock newer releases: `make locks` calls this, then runs the tests that prove the new locks.

The date up to which releases are locked moves in the table of facts, for generated projects, and in
pyproject.toml, for the template's own tools; the newest releases are given a few days to be found bad by
others. (The training scripts keep their own dates, so that they give the same models.) Made anew with it
are the locks that travel in templates/locks, each for all Pythons on offer, with conditions around what not
every choice of tracing has, and the names of all distributions that a project may meet in its environment,
which none may bear itself. A uv.lock holds addresses and does not travel; it comes to the same.
"""

import json
import re
import shutil
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from poetry.factory import Factory
from project import TEMPLATE, poetry_settings, render, run

DAYS_TO_RIPEN = 5
FACTS = TEMPLATE / "cookiecutter.json"
LOCKS = TEMPLATE / "templates" / "locks"
BUILD_SYSTEMS = TEMPLATE / "templates" / "pyproject"
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
def rendered(manager: str, runtime: str, tracing: str) -> Iterator[Path]:
    """Render a project for the oldest Python, even if it has no locks yet."""
    for path in (*pip_locks(runtime).values(), poetry_lock(runtime), BUILD_TOOLS):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    answers = {"package_manager": manager, "model_runtime": runtime, "tracing": tracing}
    answers["python_version"] = python_versions()[0]
    with tempfile.TemporaryDirectory() as directory:
        yield render(answers, Path(directory), hooks=False)


def lock_for_pip(runtime: str, tracing: str) -> dict[str, str]:
    """Make the requirements files as a project does, and return them."""
    with rendered("pip", runtime, tracing) as project:
        files = {name: project / name for name in pip_locks(runtime)}
        for path in files.values():
            path.unlink()
        run(["make", "lock", f"UV={shutil.which('uv')}"], project)
        return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


def find_pins(requirements: str) -> list[str]:
    """Return what a requirements file locks, without the hashes."""
    return re.findall(r"^\w.*?(?= \\$)", requirements, flags=re.M)


def lock_for_poetry(runtime: str, tracing: str, pins: list[str]) -> tuple[str, dict[str, str]]:
    """Make poetry.lock with these versions; return it, and for each Python the hash of pyproject.toml in it.

    Poetry keeps the versions of a lock that is there. So it first locks a project that asks for exactly
    these versions, then the real one. The lock is the same for each Python, but for the hash.
    """
    exact = "".join(f"  {json.dumps(pin)},\n" for pin in pins)
    with rendered("poetry", runtime, tracing) as project:
        pyproject, lock = project / "pyproject.toml", project / "poetry.lock"
        real = pyproject.read_text(encoding="utf-8")
        lock.unlink()
        for text in (real.replace("\ndependencies = [\n", f"\ndependencies = [\n{exact}"), real):
            pyproject.write_text(text, encoding="utf-8")
            run(["poetry", "lock"], project, **poetry_settings())
        hashes = {}
        for version in python_versions():
            replace(pyproject, r'(^requires-python = ">=)[^"]*(")', version)
            hashes[version] = Factory().create_poetry(project).locker._get_content_hash()
        return lock.read_text(encoding="utf-8"), hashes


def merge(texts: dict[str, str]) -> str:
    """Return the text that renders as each of two, one for each choice of tracing."""
    (one, first), (other, second) = ((name, text.splitlines(keepends=True)) for name, text in texts.items())
    merged = []
    for kind, *ends in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        own = {one: first[slice(*ends[:2])], other: second[slice(*ends[2:])]}
        if kind == "equal":
            merged += own[one]
            continue
        for name, lines in own.items():
            if lines:
                condition = f'{{% if cookiecutter.tracing == "{name}" %}}\n'
                merged += [condition, *lines, "{% endif %}\n"]
    return "".join(merged)


def lock_projects(runtime: str) -> None:
    """Lock the projects of a model runtime, with each choice of tracing."""
    pip = {tracing: lock_for_pip(runtime, tracing) for tracing in facts()["tracing"]}
    for name, path in pip_locks(runtime).items():
        path.write_text(merge({tracing: files[name] for tracing, files in pip.items()}), encoding="utf-8")
    poetry = {
        tracing: lock_for_poetry(runtime, tracing, find_pins(files["requirements-dev.txt"]))
        for tracing, files in pip.items()
    }
    path = poetry_lock(runtime)
    hashes = {tracing: hashes for tracing, (_, hashes) in poetry.items()}
    content_hash = f"{{{{ {hashes}[cookiecutter.tracing][cookiecutter.python_version] }}}}"
    texts = {
        tracing: re.sub(r'(?m)^content-hash = ".*"$', f'content-hash = "{content_hash}"', text)
        for tracing, (text, _) in poetry.items()
    }
    path.write_text(merge(texts), encoding="utf-8")
    replace(path, r'(^\[metadata\]\n.*^python-versions = ">=)[^"]*(")', "{{ cookiecutter.python_version }}")


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
    """Return the names of all distributions that generated projects are made of, installed by or built by."""
    files = [pip_locks(runtime)["requirements-dev.txt"] for runtime in facts()["_model_runtimes"]]
    pins = [pin for path in files for pin in find_pins(path.read_text(encoding="utf-8"))]
    locked = {pin.partition("==")[0] for pin in pins}
    return sorted(locked | facts()["_package_managers"].keys() | facts()["_tools"].keys() | find_builders())


def find_builders() -> set[str]:
    """Return the names of what builds the projects of each package manager."""
    # Its first table is plain TOML; what follows may hold Jinja.
    tables = [path.read_text(encoding="utf-8").partition("\n\n")[0] for path in BUILD_SYSTEMS.iterdir()]
    requirements = [text for table in tables for text in tomllib.loads(table)["build-system"]["requires"]]
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def write_distributions() -> None:
    """Write the names down that no project may bear."""
    names = json.dumps(find_distributions())[1:-1]
    lines = textwrap.indent(textwrap.fill(names, 106, break_on_hyphens=False), "    ")
    replace(FACTS, r'("_distributions": \[\n).*?(\n  \])', lines)


def main() -> None:
    """Move the date, lock, write the names down."""
    day = f"{datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN):%Y-%m-%d}"
    replace(FACTS, r'("_exclude_newer": ")[^"]*(")', f"{day}T00:00:00Z")
    replace(TEMPLATE / "pyproject.toml", r'(^exclude-newer = ")[^"]*(")', f"{day}T00:00:00Z")
    for runtime in facts()["_model_runtimes"]:
        lock_projects(runtime)
    lock_build_tools()
    write_distributions()
    sys.stdout.write(f"Releases up to {day} are locked from now on.\n")


if __name__ == "__main__":
    main()
