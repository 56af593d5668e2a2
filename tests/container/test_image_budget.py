"""What a project says of its own image: `make image-report` and `make image-check`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from answers import CHOICES, DEFAULTS, nearest
from container.conftest import CELLS
from project import CommandFailedError, Project, run

# All that changes what is in an image, as far as other tests build it too.
SIZES = CELLS + [
    nearest(option, choice)
    for option in ("model_runtime", "package_manager", "tracing")
    for choice in CHOICES[option][1:]
]
# What a budget may leave, as a part of what the image has; with more, one more package would go unnoticed.
ROOM = 0.35
NAIVE_BASE = f"python:{DEFAULTS['python_version']}"
in_shell_and_without = pytest.mark.parametrize("answers", [CELLS[0], CELLS[-1]])


def ask(project: Project, module: str, *arguments: str) -> str:
    """Run one of the project's tools on its image, without its own environment."""
    tools = str(project.path / "tools")
    return run([sys.executable, "-m", f"image.{module}", *arguments], project.path, PYTHONPATH=tools)


def find_megabytes(text: str) -> list[float]:
    """Return all sizes of a megabyte or more in a text."""
    return [float(size) for size in re.findall(r"([\d.]+) MB", text)]


@pytest.fixture
def small_budget(project: Project) -> Iterator[None]:
    """Let the project state a budget that its image exceeds."""
    pyproject = project.path / "pyproject.toml"
    stated = pyproject.read_text(encoding="utf-8")
    changed, found = re.subn(r"(?m)^budget-mb = \d+$", "budget-mb = 2", stated)
    assert found == 1
    pyproject.write_text(changed, encoding="utf-8")
    yield
    pyproject.write_text(stated, encoding="utf-8")


@pytest.mark.parametrize("answers", SIZES)
def test_the_budget_of_a_new_project_fits_its_image(project: Project) -> None:
    above, budget, left = find_megabytes(ask(project, "check", project.image))
    assert 0 <= left <= ROOM * above, f"{above} MB and a budget of {budget}: run `make image-megabytes`"


@in_shell_and_without
def test_make_reports_what_is_in_the_image(project: Project) -> None:
    said = run(["make", "image-report", "NAIVE=no"], project.path, VIRTUAL_ENV="")
    total, *_ = find_megabytes(said.partition(" in all")[0].rpartition("\n")[2] + " in all")
    size = int(run(["docker", "image", "inspect", "--format", "{{.Size}}", project.image], project.path))
    assert total == pytest.approx(size / 1e6, rel=0.01)
    for layer, made_by in [("base image", "FROM"), ("packages", "`COPY"), ("application", "`COPY")]:
        assert re.search(rf"(?m)^\| {layer} +\| +[\d.]+ [kM]B \| \S* *\| {made_by} ", said)
    assert re.search(r"(?m)^\| (onnxruntime|tract) [\d.]+ +\| +\d", said)
    written = (project.path / "build" / "image-report.md").read_text(encoding="utf-8")
    assert set(written.splitlines()) - set(said.splitlines()) == {
        "![The image in a picture](image-report.svg)"
    }
    ElementTree.parse(project.path / "build" / "image-report.svg")  # noqa: S314


@in_shell_and_without
def test_make_checks_the_budget(project: Project) -> None:
    said = run(["make", "image-check"], project.path, VIRTUAL_ENV="")
    assert re.search(r"(?m)^The image has [\d.]+ MB above its base image; the budget of \d+ MB leaves ", said)


@in_shell_and_without
@pytest.mark.usefixtures("small_budget")
def test_an_image_over_its_budget_fails_with_what_is_largest(project: Project) -> None:
    with pytest.raises(CommandFailedError) as caught:
        ask(project, "check", project.image)
    headline, sentence = str(caught.value).strip().splitlines()
    assert headline.endswith("ended with 1:")
    above, more, budget, *largest = find_megabytes(sentence)
    assert budget == 2
    assert more == pytest.approx(above - budget, abs=1)
    assert len(largest) >= 4
    assert "the largest layers are COPY /" in sentence
    assert "numpy (" in sentence


@pytest.mark.parametrize("answers", CELLS[:1])
def test_an_image_that_was_never_built_is_named(project: Project) -> None:
    with pytest.raises(
        CommandFailedError, match="there is no image template-test-never: run `make image` first"
    ):
        ask(project, "check", "template-test-never")


@pytest.mark.parametrize("answers", CELLS[:1])
def test_the_naive_image_is_built_measured_and_taken_away(project: Project) -> None:
    if subprocess.run(["docker", "image", "inspect", NAIVE_BASE], capture_output=True).returncode:
        pytest.skip(f"the engine has no {NAIVE_BASE}, which takes a gigabyte")
    said = run(["make", "image-report"], project.path, VIRTUAL_ENV="")
    row = re.search(r"(?m)^\| naive +\| +(\d+) MB \| +(\d+) MB \|", said)
    assert row is not None, said
    ours = (
        int(run(["docker", "image", "inspect", "--format", "{{.Size}}", project.image], project.path)) / 1e6
    )
    assert int(row[1]) > 3 * ours
    assert run(["docker", "images", "--quiet", f"{project.image}:naive"], project.path) == ""
