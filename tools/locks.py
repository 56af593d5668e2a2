"""Lock newer releases: `make locks` calls this, then runs the tests that prove the new locks.

The date up to which releases are locked moves in the table of facts, for the first lock of a project, and in
pyproject.toml, for the template's own tools. It stays a week behind, so that others find bad releases first.
(The training scripts keep their own dates, so that they give the same models.)

The locks in templates/locks travel with the template. Each holds for all Pythons on offer, with conditions
around what only some answers need. A uv.lock holds addresses, so it does not travel; it comes to the same.
The table of facts gets the names of all locked packages, because a project cannot have the name of one.
"""

import itertools
import json
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from answers import is_supported
from poetry.factory import Factory
from project import TEMPLATE, Answers, copy_template, poetry_settings, render, run

# As in templates/resolver.toml, so that a project keeps what it was rendered with.
DAYS_TO_RIPEN = 7
FACTS = TEMPLATE / "cookiecutter.json"
LOCKS = TEMPLATE / "templates" / "locks"
BUILD_TOOLS = LOCKS / "poetry.txt"
BUILD_TOOLS_HEADER = "# Poetry in the builder stage: what turns poetry.lock into requirements with hashes.\n"
PIP_FILES = {"requirements-dev.txt": "-dev.txt", "requirements.txt": ".txt"}
# Beside the model runtime, the answers that change what is locked, and the conditions that tell them apart.
VARIANTS: dict[tuple[bool, bool], Answers] = {
    (tensors, tracing): {
        "api": "open-inference" if tensors else "predict",
        "observability": "tracing" if tracing else "metrics",
    }
    for tensors, tracing in itertools.product((False, True), repeat=2)
}
TENSORS = 'cookiecutter.api == "open-inference"'
TRACING = "cookiecutter._observability[cookiecutter.observability].has_tracing"


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace what stands once in a file between the two groups of a pattern."""
    found, count = re.subn(pattern, rf"\g<1>{text}\g<2>", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    if count != 1:
        sys.exit(f"{path.name} holds {pattern} {count} times, not once: put it right before locking anew.")
    path.write_text(found, encoding="utf-8")


def facts() -> dict:
    """Return the option table as it is now."""
    return json.loads(FACTS.read_text(encoding="utf-8"))


def find_variants(runtime: str) -> dict[tuple[bool, bool], Answers]:
    """Return the variants that a model runtime can be had with."""
    return {
        variant: answers
        for variant, answers in VARIANTS.items()
        if is_supported({"model_runtime": runtime} | answers)
    }


def python_versions() -> list[str]:
    """Return the Pythons on offer, the oldest first: what is locked for it holds for the others too."""
    return sorted(facts()["python_version"], key=lambda version: [int(part) for part in version.split(".")])


@contextmanager
def rendered(manager: str, runtime: str, answers: Answers) -> Iterator[Path]:
    """Render a project for the oldest Python from a copy of the template, with empty locks."""
    with tempfile.TemporaryDirectory() as directory:
        template = copy_template(Path(directory, "template"))
        for path in (template / "templates" / "locks").rglob("*.*"):
            path.write_text("", encoding="utf-8")
        chosen = {
            "package_manager": manager,
            "model_runtime": runtime,
            "python_version": python_versions()[0],
        }
        yield render(chosen | answers, Path(directory), hooks=False, template=template)


def lock_for_pip(runtime: str, answers: Answers) -> dict[str, str]:
    """Make the requirements files as a project does, and return them."""
    with rendered("pip", runtime, answers) as project:
        for name in PIP_FILES:
            (project / name).unlink()
        run(["make", "lock", f"UV={shutil.which('uv')}"], project, UV_EXCLUDE_NEWER=facts()["_exclude_newer"])
        return {name: (project / name).read_text(encoding="utf-8") for name in PIP_FILES}


def find_pins(requirements: str) -> list[str]:
    """Return what a requirements file locks, without the hashes."""
    return re.findall(r"^\w.*?(?= \\$)", requirements, flags=re.M)


def lock_for_poetry(runtime: str, answers: Answers, pins: list[str]) -> tuple[str, dict[str, str]]:
    """Make poetry.lock with these versions; return it, and for each Python the hash of pyproject.toml in it.

    Poetry keeps the versions of a lock that is there. So it first locks a project that asks for exactly
    these versions, then the real one. The lock is the same for each Python, but for the hash.
    """
    exact = "".join(f"  {json.dumps(pin)},\n" for pin in pins)
    with rendered("poetry", runtime, answers) as project:
        pyproject, lock = project / "pyproject.toml", project / "poetry.lock"
        real = pyproject.read_text(encoding="utf-8")
        lock.unlink()
        for text in (real.replace("\ndependencies = [\n", f"\ndependencies = [\n{exact}"), real):
            pyproject.write_text(text, encoding="utf-8")
            run(["poetry", "lock"], project, **poetry_settings())
        hashes = {}
        for version in python_versions():
            replace(pyproject, r'(^requires-python = ">=)[\d.]*([^\n]*$)', version)
            hashes[version] = Factory().create_poetry(project).locker._get_content_hash()
        return lock.read_text(encoding="utf-8"), hashes


def merge(texts: dict[tuple[bool, bool], str], beginning: str) -> str:
    """Return the text that renders as each of several, which consist of blocks that begin with a pattern."""
    blocks = {variant: re.split(rf"(?m)^(?={beginning})", text) for variant, text in texts.items()}
    order: list[str] = []
    for own in blocks.values():
        place = 0
        for block in own:
            if block not in order:
                order.insert(place, block)
            place = order.index(block) + 1

    def find_condition(block: str) -> str:
        return write_condition({variant for variant, own in blocks.items() if block in own}, blocks.keys())

    merged = ""
    for condition, group in itertools.groupby(order, find_condition):
        text = "".join(group)
        merged += f"{{% if {condition} %}}\n{text}{{% endif %}}\n" if condition else text
    return merged


def write_condition(variants: Set[tuple[bool, bool]], possible: Set[tuple[bool, bool]]) -> str:
    """Return the Jinja condition that holds for these of all variants; nothing if it always holds."""
    if variants == possible:
        return ""
    for expression, place in ((TENSORS, 0), (TRACING, 1)):
        for wanted in (True, False):
            if variants == {variant for variant in possible if variant[place] == wanted}:
                return expression if wanted else f"not ({expression})"
    return " or ".join(
        f"({'' if tensors else 'not '}({TENSORS}) and {'' if tracing else 'not '}{TRACING})"
        for tensors, tracing in sorted(variants)
    )


def lock_projects(runtime: str) -> None:
    """Lock the projects of a model runtime, with each API and with and without tracing."""
    variants = find_variants(runtime)
    pip = {variant: lock_for_pip(runtime, answers) for variant, answers in variants.items()}
    poetry = {
        variant: lock_for_poetry(runtime, answers, find_pins(pip[variant]["requirements-dev.txt"]))
        for variant, answers in variants.items()
    }
    for name, suffix in PIP_FILES.items():
        path = LOCKS / "pip" / f"{runtime}{suffix}"
        path.write_text(merge({key: files[name] for key, files in pip.items()}, r"[\w#]"), encoding="utf-8")
    hashes = {f"{tensors} {tracing}": by for (tensors, tracing), (_, by) in poetry.items()}
    key = f"({TENSORS}) ~ ' ' ~ {TRACING}"
    content_hash = f"{{{{ {hashes}[{key}][cookiecutter.python_version] }}}}"
    texts = {
        variant: re.sub(r'(?m)^content-hash = ".*"$', lambda _: f'content-hash = "{content_hash}"', text)
        for variant, (text, _) in poetry.items()
    }
    path = LOCKS / "poetry" / f"{runtime}.lock"
    path.write_text(merge(texts, r"\[\[package\]\]|\[metadata\]"), encoding="utf-8")
    replace(
        path, r'(^\[metadata\]\n.*^python-versions = ">=)[\d.]*([^\n]*$)', "{{ cookiecutter.python_version }}"
    )


def lock_build_tools() -> None:
    """Lock Poetry itself, for the builder stage."""
    tools = facts()["_tools"]
    wanted = [f"{name}=={tools[name]}" for name in ("poetry", "poetry-plugin-export")]
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate"]
    command += ["--no-header", "--only-binary", ":all:", "--python-version", python_versions()[0]]
    command += ["--exclude-newer", facts()["_exclude_newer"], "wanted.txt"]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "wanted.txt").write_text("\n".join(wanted), encoding="utf-8")
        BUILD_TOOLS.write_text(BUILD_TOOLS_HEADER + run(command, Path(directory)), encoding="utf-8")


def find_distributions() -> list[str]:
    """Return the names of all packages that generated projects are made of or installed by."""
    files = [LOCKS / "pip" / f"{runtime}-dev.txt" for runtime in facts()["_model_runtimes"]]
    pins = [pin for path in files for pin in find_pins(path.read_text(encoding="utf-8"))]
    tools = {name for name in facts()["_tools"] if not name.startswith("oldest_")}
    return sorted({pin.partition("==")[0] for pin in pins} | facts()["_package_managers"].keys() | tools)


def write_distributions() -> None:
    """Write the names down that no project may bear."""
    names = json.dumps(find_distributions())[1:-1]
    lines = textwrap.indent(textwrap.fill(names, 106, break_on_hyphens=False), "    ")
    replace(FACTS, r'("_distributions": \[\n).*?(\n  \])', lines)


def lock_all() -> None:
    """Make every lock that travels with the template, and write the names of the packages down."""
    for runtime in facts()["_model_runtimes"]:
        lock_projects(runtime)
    lock_build_tools()
    write_distributions()


def main() -> None:
    """Move the date, and lock."""
    day = f"{datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN):%Y-%m-%d}"
    replace(FACTS, r'("_exclude_newer": ")[^"]*(")', f"{day}T00:00:00Z")
    replace(TEMPLATE / "pyproject.toml", r'(^exclude-newer = ")[^"]*(")', f"{day}T00:00:00Z")
    lock_all()
    sys.stdout.write(f"Releases up to {day} are locked from now on.\n")


if __name__ == "__main__":
    main()
