"""Write docs/sample.md, the default project to read without rendering it: part of `make docs`."""

from answers import DEFAULTS
from page import fill
from project import TEMPLATE
from render.renderer import Tree, render_in_memory

PAGE = TEMPLATE / "docs" / "sample.md"
# The files that are shown whole, and their language for the page.
SHOWN = {
    "src/service/predictor.py": "python",
    "src/service/app.py": "python",
    "Dockerfile": "dockerfile",
    "compose.yaml": "yaml",
}
CAPABILITIES = {
    "api": "open-inference",
    "model_updates": "live",
    "observability": "all",
}


def draw_tree(tree: Tree) -> str:
    """Return the files of a project, each in its directory, the directories first."""
    lines: list[str] = []
    before: list[str] = []
    for path in sorted(
        tree, key=lambda path: [(part == path.rpartition("/")[2], part) for part in path.split("/")]
    ):
        *parents, name = path.split("/")
        same = sum(1 for depth in range(len(parents)) if parents[: depth + 1] == before[: depth + 1])
        lines += [f"{'    ' * depth}{parents[depth]}/" for depth in range(same, len(parents))]
        lines.append(f"{'    ' * len(parents)}{name}")
        before = parents
    return "\n".join(lines)


def make_page() -> str:
    """Return the page."""
    tree = render_in_memory(DEFAULTS)
    added = {
        f"{option}={choice}": sorted(render_in_memory(DEFAULTS | {option: choice}).keys() - tree)
        for option, choice in CAPABILITIES.items()
    }
    shown = {name: (language, tree[name].decode()) for name, language in SHOWN.items()}
    return fill("sample.md.j2", tree=draw_tree(tree), added=added, shown=shown)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
