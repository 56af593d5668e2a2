"""How the modules of a project hang together, and whether its README tells of all of them."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

import pytest
from answers import SAMPLES, Answers, cover, name
from render.renderer import Tree, render_in_memory

SOURCES = "src/service/"


def read_modules(tree: Tree) -> dict[str, ast.Module]:
    """Return the modules of the service by their paths below it."""
    return {
        path.removeprefix(SOURCES): ast.parse(content)
        for path, content in tree.items()
        if path.startswith(SOURCES) and path.endswith(".py")
    }


def find_imports(module: ast.Module) -> set[str]:
    """Return the packages of the service, and its modules outside of any, that a module imports from."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "service":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("service."):
            names.add(node.module.split(".")[1])
    return names


def find_dependencies(modules: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Return what each package, and each module outside of any, needs of the others."""
    needs: dict[str, set[str]] = {}
    for path, module in modules.items():
        part = PurePosixPath(path).parts[0].removesuffix(".py")
        needs.setdefault(part, set()).update(find_imports(module) - {part})
    return needs


@pytest.mark.parametrize("answers", cover(), ids=name)
def test_packages_depend_on_each_other_in_one_direction(answers: Answers) -> None:
    needs = find_dependencies(read_modules(render_in_memory(answers)))
    assert {"app", "settings", "serving", "volume"} <= needs.keys()
    assert needs["__main__"]
    TopologicalSorter(needs).prepare()


def test_packages_that_need_each_other_are_found() -> None:
    modules = {"a/one.py": "from service.b import two", "b/two.py": "from service.a.one import x"}
    needs = find_dependencies({path: ast.parse(text) for path, text in modules.items()})
    with pytest.raises(CycleError):
        TopologicalSorter(needs).prepare()


@pytest.mark.parametrize("tracing", ["none", "opentelemetry"])
@pytest.mark.parametrize("answers", SAMPLES.values(), ids=name)
def test_the_readme_names_every_module_and_no_other(answers: Answers, tracing: str) -> None:
    tree = render_in_memory(answers | {"tracing": tracing})
    readme = tree["README.md"].decode("utf-8")
    table = readme.partition("in the order in which to read them")[2].partition("Beside it:")[0]
    paths = {PurePosixPath(path) for path in read_modules(tree)}
    told = set(re.findall(r"\b(\w+\.py)\b", table))
    assert told == {path.name for path in paths if path.name != "__init__.py" and path.parts[0] != "routes"}
    assert set(re.findall(r"^ {4}(\w+)/", table, re.MULTILINE)) == {
        path.parts[0] for path in paths if len(path.parts) > 1
    }
