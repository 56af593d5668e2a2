"""How the modules of a project hang together, and whether their names hold on every file system."""

import ast
import re
import shutil
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from answers import DEFAULTS, TEMPLATE
from project import commit, contents, run
from render.conftest import Render, Trees
from render.renderer import SOURCE, Tree

SERVICE = "src/service/"
# What Windows keeps for devices, whatever comes after a dot, and what no name may hold or end in there.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
NAME = re.compile(r'[^<>:"/\\|?*\x00-\x1f]*[^<>:"/\\|?*\x00-\x1f .]')
# Of the 260 characters of a path on Windows, what is left beside a long home and the longest slug.
PATH_LENGTH = 120


def find_imports(content: bytes) -> set[str]:
    """Return the modules of the service that a module imports when it is imported itself."""
    names = set()
    for node in ast.parse(content).body:
        if isinstance(node, ast.ImportFrom) and node.module == "service":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("service."):
            names.add(node.module.split(".")[1])
    return names


def find_dependencies(tree: Tree) -> dict[str, set[str]]:
    """Return which modules of the service each of them needs."""
    modules = {
        path: content for path, content in tree.items() if path.startswith(SERVICE) and path[-3:] == ".py"
    }
    return {path.removeprefix(SERVICE)[:-3]: find_imports(content) for path, content in modules.items()}


def test_modules_depend_on_each_other_in_one_direction_and_each_is_used(trees: Trees) -> None:
    for needs in {repr(graph): graph for graph in (find_dependencies(tree) for _, tree in trees)}.values():
        assert needs["__main__"]
        TopologicalSorter(needs).prepare()
        # Programs, and the application that uvicorn imports by its name.
        used = set().union(*needs.values()) | {"__init__", "__main__", "app", "healthcheck", "models"}
        assert needs.keys() <= used, f"nothing imports {needs.keys() - used}"


def test_modules_that_need_each_other_are_found() -> None:
    tree = {f"{SERVICE}a.py": b"from service.b import two", f"{SERVICE}b.py": b"from service import a"}
    with pytest.raises(CycleError):
        TopologicalSorter(find_dependencies(tree)).prepare()


@pytest.mark.parametrize("name", ["aux", "NUL.txt", "com1.py", "a:b", "a ", "a.", "what?", "tab\t"])
def test_a_name_that_windows_cannot_hold_is_found(name: str) -> None:
    assert DEVICE.fullmatch(name) or not NAME.fullmatch(name)


def test_every_file_system_can_hold_every_project(trees: Trees) -> None:
    for paths in {frozenset(tree) for _, tree in trees}:
        for path in paths:
            assert len(path) <= PATH_LENGTH, path
            assert all(NAME.fullmatch(part) and not DEVICE.fullmatch(part) for part in path.split("/")), path
        assert len({path.casefold() for path in paths}) == len(paths)


def test_every_file_system_can_hold_the_template() -> None:
    paths = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], TEMPLATE)
    for path in paths.rstrip("\0").split("\0"):
        assert all(NAME.fullmatch(part) and not DEVICE.fullmatch(part) for part in path.split("/")), path


def test_no_file_is_a_program() -> None:
    assert [path for path in SOURCE.rglob("*") if path.is_file() and path.stat().st_mode & 0o111] == []


def test_a_checkout_on_windows_has_the_same_line_ends(rendered: Render, tmp_path: Path) -> None:
    project, checkout = tmp_path / "project", tmp_path / "checkout"
    shutil.copytree(rendered(DEFAULTS), project)
    commit(project, "first")
    run(["git", "clone", "--quiet", "-c", "core.autocrlf=true", str(project), str(checkout)], tmp_path)
    assert contents(checkout) == contents(project)
