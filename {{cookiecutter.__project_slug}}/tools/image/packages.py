"""Whose each file of an image is: a package's, the interpreter's, the application's; byte code apart."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from image.layers import File, Image, Layer
from trim import normalize

CACHED = re.compile(r"__pycache__/([^/]+)\.cpython-\d+(?:\.opt-\d)?\.pyc$")
INSTALLED = re.compile(r"lib/python(?P<python>3\.\d+)/site-packages/(?P<path>.+)")
DESCRIBED = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/")
INTERPRETER = re.compile(r"(^|/)(lib/python3|lib/libpython3|bin/python3)")


class Package(NamedTuple):
    """An installed package; its sizes in bytes."""

    name: str
    version: str
    files: int
    byte_code: int

    @property
    def size(self) -> int:
        """Return the bytes of all that is the package's."""
        return self.files + self.byte_code


def is_byte_code(path: str) -> bool:
    """Whether Python wrote this file."""
    return path.endswith(".pyc")


def find_source(path: str) -> str:
    """Return the path of the source that byte code lies beside; any other path as it is."""
    return CACHED.sub(r"\1.py", path)


def list_packages(image: Image) -> list[Package]:
    """Return what is installed above the base image, the largest first."""
    versions = dict(sorted(list_versions(image)))
    owners = dict(read_records(image, versions))
    sizes: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for file in image.files:
        installed = INSTALLED.search(find_source(file.path))
        if installed:
            owner = find_owner(installed["path"], owners, versions)
            sizes[owner][is_byte_code(file.path)] += file.size
    packages = [
        Package(name, versions.get(name, ""), size[False], size[True]) for name, size in sizes.items()
    ]
    return sorted(packages, key=lambda package: (-package.size, package.name))


def list_versions(image: Image) -> Iterator[tuple[str, str]]:
    """Give name and version of each package that left a description."""
    for file in image.files:
        installed = INSTALLED.search(file.path)
        described = installed and DESCRIBED.match(installed["path"])
        if described:
            yield normalize(described["name"]), described["version"]


def read_records(image: Image, versions: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the package that owns each path below `site-packages`, as its `RECORD` says."""
    for path, record in image.records.items():
        installed = INSTALLED.search(path)
        described = installed and DESCRIBED.match(installed["path"])
        if described and normalize(described["name"]) in versions:
            yield from (
                (row[0], normalize(described["name"])) for row in csv.reader(record.splitlines()) if row
            )


def find_owner(path: str, owners: dict[str, str], versions: dict[str, str]) -> str:
    """Return the package that a file below `site-packages` belongs to, or its place if none owns it."""
    if path in owners:
        return owners[path]
    top = path.split("/")[0]
    described = DESCRIBED.match(path)
    guess = normalize(described["name"] if described else top.removesuffix(".py").removesuffix(".libs"))
    return guess if guess in versions else top


def find_python(image: Image) -> str:
    """Return the version of the Python that the packages are installed for, such as 3.13."""
    found = (INSTALLED.search(file.path) for file in image.files)
    return next((match["python"] for match in found if match), "")


def kind(file: File, image: Image) -> str:
    """Say in two words what a file is; byte code in the place of its source is what that would be."""
    source = find_source(file.path)
    if image.directory and source.startswith(f"{image.directory}/"):
        return "application"
    if CACHED.search(file.path):
        return "byte code"
    if INSTALLED.search(source):
        return "packages"
    return "interpreter" if INTERPRETER.search(source) else "other files"


def describe(layer: Layer, image: Image) -> str:
    """Say what most of a layer is."""
    sizes: Counter[str] = Counter()
    for file in layer.files:
        sizes[kind(file, image)] += file.size
    return sizes.most_common(1)[0][0]
