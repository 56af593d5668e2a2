"""What is in the image, and what is not; which layers change, and how quickly it starts."""

import os
import re
import sys
from pathlib import Path

import pytest
from answers import DEFAULTS, FACTS, Answers, nearest
from container.conftest import (
    ALL_CAPABILITIES,
    CELLS,
    MANAGERS,
    Build,
    check_budget,
    container_of,
    copy_project,
    default,
    every_base,
    every_manager,
    exported,
)
from images.measure import measure_push, read_layers, read_size
from project import CommandFailedError, Project, run
from stress import first_always

BASE_LABEL = "org.opencontainers.image.base.name"
# What follows the magic number in byte code that is compared with its source, and in other: PEP 552.
CHECKED_HASH, UNCHECKED_HASH = b"\3\0\0\0", b"\1\0\0\0"


def list_files(image: str) -> set[str]:
    with exported(image) as archive:
        return set(archive.getnames())


def base_of(project: Project) -> str:
    label = f'--format={{{{index .Config.Labels "{BASE_LABEL}"}}}}'
    return run(["docker", "image", "inspect", label, project.image], project.path).strip()


@every_base
def test_the_image_keeps_within_its_budget(project: Project) -> None:
    said = run(["make", "image-report"], project.path, VIRTUAL_ENV="")
    size = read_size(project.image) - read_size(base_of(project))
    assert check_budget(said) == pytest.approx(size / 1e6, rel=0.02, abs=0.5)
    assert re.search(r"(?m)^ +[\d.]+ MB  numpy$", said)


@default
def test_an_image_over_its_budget_fails_the_report(project: Project, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.image]\nbudget-mb = 2\n", encoding="utf-8")
    with pytest.raises(CommandFailedError, match="raise budget-mb"):
        run([sys.executable, str(project.path / "tools" / "image_report.py"), project.image], tmp_path)


@every_base
def test_no_tool_and_no_cache_of_the_build_is_in_the_image(project: Project) -> None:
    added = list_files(project.image) - list_files(base_of(project))
    assert any(path.startswith("opt/venv/") for path in added)
    for path in added:
        assert not set(path.split("/")) & {"uv", "uvx", "pip", "poetry", ".cache", "gcc", "root", "run"}, path
        assert not path.endswith(("model.onnx", "uv.lock", "slim.py", "removals.toml", "/tests")), path


@pytest.mark.parametrize("answers", [nearest("base_image", "distroless")])
def test_there_is_no_shell_on_distroless(project: Project) -> None:
    files = list_files(project.image)
    programs = {path.rpartition("/")[2] for path in files if re.search(r"(^|/)s?bin/", path)}
    assert "python3" in programs
    assert not programs & {"sh", "bash", "busybox", "apt", "dpkg", "pip", "pip3"}


@pytest.mark.parametrize("answers", [*CELLS, ALL_CAPABILITIES])
def test_no_byte_code_is_missing(project: Project, answers: Answers) -> None:
    options = ["--env=OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9", "--user=0", "--read-only=false"]
    with container_of(project, *options, "--env=PYTHONDONTWRITEBYTECODE=") as container:
        project.wait_ready(container)
        project.predict()
        run(["docker", "stop", container], project.path)
        changes = run(["docker", "diff", container], project.path)
    missing = re.findall(r"(?m)^[AC] .*\.pyc$", changes)
    # The first export of traces imports two more, after the answer.
    assert len(missing) <= (2 if answers == ALL_CAPABILITIES else 0), missing


@every_base
def test_byte_code_of_the_application_alone_is_compared_with_its_source(project: Project) -> None:
    kinds: dict[bytes, set[str]] = {CHECKED_HASH: set(), UNCHECKED_HASH: set()}
    with exported(project.image) as archive:
        for member in archive:
            if member.name.endswith(".pyc"):
                kinds[archive.extractfile(member).read(8)[4:]].add(member.name)
    assert len(kinds[UNCHECKED_HASH]) > 400
    assert all(path.startswith("app/src/service/") for path in kinds[CHECKED_HASH])
    assert "app/src/service/__pycache__/app.cpython-313.pyc" in kinds[CHECKED_HASH]


@pytest.mark.parametrize("answers", first_always(CELLS))
def test_new_code_and_a_new_version_change_one_small_layer(project: Project, tmp_path: Path) -> None:
    copy = copy_project(project, tmp_path, "changed")
    pyproject = copy.path / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^description = .*$", 'description = "Reads the digits of our meters."', text)
    pyproject.write_text(re.sub(r"(?m)^version = .*$", 'version = "7.0.0"', text), encoding="utf-8")
    module = copy.path / "src" / "service" / "predictor.py"
    module.write_text(module.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")
    copy.compose("build")
    before, after = read_layers(project.image), read_layers(copy.image)
    assert len(after) == len(before)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert measure_push(copy.image, before) < 200_000
    with copy.running():
        assert copy.get("/")[1]["version"] == "7.0.0"
        assert copy.predict()


@default
def test_a_build_that_lacks_what_was_removed_names_the_list(project: Project, tmp_path: Path) -> None:
    copy = copy_project(project, tmp_path, "removed")
    app, removals = copy.path / "src" / "service" / "app.py", copy.path / "tools" / "removals.toml"
    text = app.read_text(encoding="utf-8")
    app.write_text(
        text.replace("\nimport logging\n", "\nimport logging\nimport pydantic.v1\n"), encoding="utf-8"
    )
    text = removals.read_text(encoding="utf-8")
    text = text.replace("\n[packages]\n", '\n[packages]\n"pydantic/v1" = "not used"\n')
    removals.write_text(text, encoding="utf-8")
    with pytest.raises(
        CommandFailedError, match=r"(?s)No module named 'pydantic.v1'.*see tools/removals.toml"
    ):
        copy.compose("build")


# Of the other answers, these change the Dockerfile.
OTHER_DOCKERFILE = {"package_manager": "pip", "model_volume": "named", "model_updates": "live"}


@pytest.mark.parametrize("answers", [DEFAULTS | OTHER_DOCKERFILE, *first_always(CELLS)])
def test_the_same_tree_gives_the_same_layers_anywhere_at_any_time(project: Project, tmp_path: Path) -> None:
    copy = copy_project(project, tmp_path, "again")
    for path in [copy.path, *copy.path.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    copy.compose("build", "--no-cache", "service")
    assert read_layers(copy.image) == read_layers(project.image)


def list_distributions(image: str) -> set[str]:
    """Return names and versions of what is installed in the virtual environment."""
    paths = (
        re.fullmatch(r"opt/venv/.*/site-packages/([^/]+)\.dist-info", path) for path in list_files(image)
    )
    return {match[1].lower() for match in paths if match}


def test_every_package_manager_installs_the_same(build: Build) -> None:
    uv, *others = (list_distributions(build(answers).image) for answers in MANAGERS)
    assert len(uv) > 10
    assert others == [uv] * len(others)


@every_manager
@pytest.mark.parametrize("fault", ["no lock", "another hash"])
def test_a_build_refuses_what_is_not_locked(
    project: Project, answers: Answers, fault: str, tmp_path: Path
) -> None:
    copy = copy_project(project, tmp_path, "locked")
    lock = copy.path / FACTS["_package_managers"][answers["package_manager"]]["lock_file"]
    if fault == "no lock":
        lock.unlink()
    else:
        text = lock.read_text(encoding="utf-8")
        lock.write_text(re.sub(r"sha256:[0-9a-f]{4}", "sha256:0000", text), encoding="utf-8")
    with pytest.raises(CommandFailedError, match=lock.name if fault == "no lock" else "(?i)hash"):
        copy.compose("build")
