"""Take out of the image what the service does without: what, and why, stands in trim.toml."""

import csv
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import bytecode

PLAN = Path(__file__).with_name("trim.toml")


def normalize(name: str) -> str:
    """Return a name in its one spelling (the name-normalization specification)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def normal(requirement: str) -> str:
    """Return the name of the distribution that a requirement begins with, as indexes spell it."""
    return normalize(re.match(r"[\w.-]+", requirement.strip())[0])  # type: ignore[index]


def paths(distribution: Distribution) -> list[Path]:
    """Return the files that a distribution says it has, and that are there."""
    return [path for file in distribution.files or () if (path := Path(str(file.locate()))).exists()]


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files below a directory."""
    files = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def remove(found: Iterable[Path], what: str, why: str) -> None:
    """Remove files and directories, and say so; that nothing was found is said as well."""
    freed = 0
    for path in found:
        freed += size(path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"{freed / 1e3:9,.1f} kB  {what}: {why}")


def remove_files(root: Path, patterns: dict[str, Any]) -> None:
    """Remove what patterns match below a directory."""
    for pattern, why in patterns.items():
        if isinstance(why, str):
            # A match may lie inside another one.
            remove((path for path in sorted(root.glob(pattern)) if path.exists()), pattern, why)


def asked(requirement: str) -> set[tuple[str, str]]:
    """Return what a requirement asks for: a distribution, which is the empty extra, and its extras."""
    extras = re.match(r"\s*[\w.-]+\s*\[(.*?)\]", requirement)
    names = ["", *(extras[1].split(",") if extras else [])]
    return {(normal(requirement), normal(name) if name else "") for name in names}


def requirements(distribution: Distribution, extra: str) -> Iterator[str]:
    """Give what a distribution, or an extra of it, asks for on any system."""
    for requirement in distribution.requires or ():
        extras = re.findall(r"\bextra\s*==\s*[\"']([\w.-]+)", requirement.partition(";")[2])
        if extra in map(normal, extras) or not (extra or extras):
            yield requirement


def needed(
    installed: dict[str, Distribution], asked_for: Iterable[str], plan: dict[str, dict[str, Any]]
) -> set[str]:
    """Return the distributions that are asked for, and what they ask for and is not named as unused."""
    seen: set[tuple[str, str]] = set()
    waiting = [each for requirement in asked_for for each in asked(requirement)]
    while waiting:
        name, extra = waiting.pop()
        if name in installed and (name, extra) not in seen:
            seen.add((name, extra))
            unused = plan.get(name, {}).get("requirements", {})
            found = (each for one in requirements(installed[name], extra) for each in asked(one))
            waiting += [each for each in found if each[0] not in unused]
    return {name for name, _ in seen}


def remove_distributions(installed: dict[str, Distribution], kept: set[str]) -> None:
    """Remove every distribution that is not kept."""
    for name in sorted(installed.keys() - kept):
        files = paths(installed.pop(name))
        remove(files, name, "a requirement that is never imported")
        for directory in sorted({parent for file in files for parent in file.parents}, reverse=True):
            if directory.is_dir() and not any(directory.iterdir()):
                directory.rmdir()


def remaining(row: list[str], site_packages: Path) -> Iterator[list[str]]:
    """Give a row of RECORD if its file is there, or one for the byte code in its place."""
    path = site_packages / row[0]
    if path.exists():
        yield row
    elif path.suffix == ".py" and path.with_suffix(".pyc").exists():
        yield [f"{row[0]}c", "", ""]


def rewrite_record(distribution: Distribution, site_packages: Path) -> None:
    """Have a distribution's RECORD claim what is there, and nothing that another build writes differently."""
    record = next(path for path in paths(distribution) if path.name == "RECORD")
    for name in ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"):
        record.with_name(name).unlink(missing_ok=True)
    rows = csv.reader(record.read_text(encoding="utf-8").splitlines())
    kept = sorted(new for row in rows for new in remaining(row, site_packages))
    with record.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(kept)


def trim_environment(environment: Path, pyproject: Path, plan: dict[str, Any]) -> None:
    """Trim a virtual environment of the distributions that a project asks for."""
    [site_packages] = environment.glob("lib/python*/site-packages")
    found = distributions(path=[str(site_packages)])
    installed = {normal(distribution.name): distribution for distribution in found}
    asked_for = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]
    known = plan["distributions"]
    remove_distributions(installed, needed(installed, asked_for, known))
    remove_files(environment, plan["environment"])
    listed = installed.keys() & known.keys()
    for name in listed:
        remove_files(site_packages, known[name])
    sources = [path for name in listed for path in paths(installed[name])]
    bytecode.replace([path for path in sources if path.suffix == ".py"])
    for distribution in installed.values():
        rewrite_record(distribution, site_packages)


def trim_interpreter(library: Path, plan: dict[str, Any]) -> None:
    """Trim the standard library of an interpreter."""
    remove_files(library, plan["interpreter"])
    bytecode.replace(library.rglob("*.py"))


def main() -> None:
    """Trim an environment and what `pyproject.toml` asks for, or without the latter, a standard library."""
    plan = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    trimmed, *pyproject = map(Path, sys.argv[1:])
    if pyproject:
        trim_environment(trimmed, pyproject[0], plan)
    else:
        trim_interpreter(trimmed, plan)


if __name__ == "__main__":
    main()
