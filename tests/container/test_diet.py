"""What is taken out of the image: nothing that is missed, and no line of the list for nothing."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from answers import CHOICES, Answers, nearest
from container.conftest import CELLS, PYTHON
from project import Project, run

RUNTIMES = [nearest("model_runtime", runtime) for runtime in CHOICES["model_runtime"]]
IMPORT_ALL = Path(__file__).with_name("import_all.py")
# The official image has it; what stands in for that has no windows to draw.
NOT_EVERYWHERE = "lib-dynload/_tkinter*.so"

every_cell = pytest.mark.parametrize("answers", [*CELLS, *(cell for cell in RUNTIMES if cell not in CELLS)])


def build_stage(project: Project, stage: str) -> str:
    """Build a stage of the image, which is in the cache, and return its image."""
    image = f"{project.image}:{stage}"
    run(["docker", "build", "--quiet", f"--target={stage}", f"--tag={image}", "."], project.path)
    return image


def import_all(image: str) -> dict[str, str]:
    """Return all modules of an image with what goes wrong when they are imported."""
    command = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--network=none",
        f"--entrypoint={PYTHON}",
        image,
        "-",
    ]
    with IMPORT_ALL.open("rb") as script:
        result = subprocess.run(command, stdin=script, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@every_cell
def test_every_module_that_remains_can_be_imported_if_it_could_before(project: Project) -> None:
    before = import_all(build_stage(project, "builder"))
    after = import_all(project.image)
    assert len(after) > 400
    broken = {name: error for name, error in after.items() if error and not before.get(name, "")}
    assert broken == {}


@every_cell
def test_every_line_of_the_list_still_removes_something(project: Project, answers: Answers) -> None:
    plan = tomllib.loads((project.path / "tools" / "trim.toml").read_text(encoding="utf-8"))
    trim = "python /tools/trim.py /opt/venv /pyproject.toml"
    if "interpreter" in plan:
        library = f"/usr/local/lib/python{answers['python_version']}"
        trim += f" && cp -r {library} /library && python /tools/trim.py /library"
    mounts = [f"--volume={project.path / name}:/{name}:ro" for name in ("tools", "pyproject.toml")]
    command = ["docker", "run", "--rm", *mounts, build_stage(project, "builder"), "sh", "-c", trim]
    output = run(command, project.path)
    useful = {what for freed, what in re.findall(r"(?m)^ *(\S+) kB  (.*?): ", output) if freed != "0.0"}
    tables = [plan["environment"], plan.get("interpreter", {}), *plan["distributions"].values()]
    tables += [table.pop("requirements", {}) for table in tables]
    assert {what for table in tables for what in table} - useful <= {NOT_EVERYWHERE}
