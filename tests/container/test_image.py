"""What is in the image, and what is not."""

import json
import re
import shutil
from pathlib import Path

import pytest
from answers import FACTS, Answers, nearest
from container.conftest import CELLS, IMAGES, PYTHON, every_base, exported, list_files
from images import engine
from project import Project, run


def inspect_image(project: Project) -> dict:
    return json.loads(run(["docker", "image", "inspect", project.image], project.path))[0]


def base_name(image: dict) -> str:
    return image["Config"]["Labels"]["org.opencontainers.image.base.name"]


# What follows the magic number in byte code whose source is read and compared, and in that which is taken at
# its word: PEP 552.
CHECKED_HASH, UNCHECKED_HASH = b"\3\0\0\0", b"\1\0\0\0"


@every_base
def test_the_image_is_built_and_no_larger_than_the_table_of_facts_says(
    project: Project, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    image = inspect_image(project)
    above_base = (image["Size"] - engine.size(base_name(image))) / 1e6
    with capsys.disabled():
        print(f"\n{project.image}: {image['Size'] / 1e6:.0f} MB, {above_base:.0f} above its base")
    # A megabyte more is a decision, not an accident: `make image-megabytes`.
    assert above_base < FACTS["_image_megabytes"][answers["base_image"]][answers["model_runtime"]] + 1


@every_base
def test_no_tool_and_no_cache_of_the_build_is_in_the_image(project: Project) -> None:
    added = list_files(project.image) - list_files(base_name(inspect_image(project)))
    assert any(path.startswith("opt/venv/") for path in added)
    for path in added:
        parts = set(path.split("/"))
        assert not parts & {"uv", "uvx", "pip", "poetry", ".cache", "cc", "gcc", "root", "run"}, path
        assert not path.endswith(("model.onnx", "uv.lock", "trim.py", "list_imports.py")), path


@pytest.mark.parametrize("answers", [*CELLS, nearest("tracing", "opentelemetry")])
def test_no_byte_code_is_missing_and_none_is_written(project: Project) -> None:
    options = ["--env=OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9"]  # for those that trace
    options += ["--user=0", "--env=PYTHONDONTWRITEBYTECODE=", f"--publish=127.0.0.1:{project.port}:8000"]
    volume = f"--volume={project.path / 'models'}:/models:ro"
    container = run(["docker", "run", "--detach", *options, volume, project.image], project.path).strip()
    try:
        project.wait_ready()
        project.predict()
        run(["docker", "stop", container], project.path)
        changes = run(["docker", "diff", container], project.path)
        assert re.findall(r"(?m)^[AC] .*(?:pyc|__pycache__).*", changes) == []
    finally:
        run(["docker", "rm", "--force", container], project.path)


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


@every_base
def test_byte_code_knows_no_columns(project: Project) -> None:
    code = """if True:
        from json import loads as of_the_interpreter
        from pydantic import create_model as of_a_dependency
        from service.settings import read_settings as of_the_application
        for function in (of_the_interpreter, of_a_dependency, of_the_application):
            print({column for _, _, column, _ in function.__code__.co_positions()})
    """
    command = ["docker", "run", "--rm", f"--entrypoint={PYTHON}", project.image, "-c", code]
    assert run(command, project.path).splitlines() == ["{None}"] * 3


@every_base
def test_no_module_is_in_the_image_as_source_and_as_byte_code_in_its_place(project: Project) -> None:
    paths = list_files(project.image)
    assert [path for path in paths if path.endswith(".py") and f"{path}c" in paths] == []


@every_base
def test_a_change_of_code_changes_one_small_layer(project: Project) -> None:
    # Once more: the cache may hold a layer of equal content twice, and this takes what the next one takes.
    project.compose("build")
    before = engine.layers(project.image)
    module = project.path / "src" / "service" / "predictor.py"
    source = module.read_text(encoding="utf-8")
    try:
        module.write_text(source + "\nCHANGED = True\n", encoding="utf-8")
        project.compose("build")
        after = engine.layers(project.image)
        [_] = [number for number, layer in enumerate(after) if layer != before[number]]
        pushed = engine.pushed(project.image, before)
    finally:
        module.write_text(source, encoding="utf-8")
        project.compose("build")
    assert len(after) == len(before)
    assert pushed < 200_000


@pytest.mark.parametrize("answers", CELLS[:1])
def test_the_umask_of_whoever_checked_it_out_does_not_matter(project: Project, tmp_path: Path) -> None:
    copy = Project(Path(shutil.copytree(project.path, tmp_path / f"{IMAGES}umask")))
    for path in [*copy.path.rglob("src"), *copy.path.rglob("src/**/*"), copy.path / "pyproject.toml"]:
        path.chmod(path.stat().st_mode & 0o700)
    compose = copy.path / "compose.yaml"
    text = compose.read_text(encoding="utf-8").replace(project.image, copy.image)
    compose.write_text(text, encoding="utf-8")
    with copy.running("--build", "--wait"):
        assert copy.predict()["digit"] == 7


@every_base
def test_labels_say_what_the_image_is(project: Project) -> None:
    labels = inspect_image(project)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == project.image
    assert labels["org.opencontainers.image.description"] == "Answers with the predictions of a model."


@pytest.mark.parametrize("answers", [nearest("base_image", "distroless")])
def test_there_is_no_shell_and_no_package_manager_on_distroless(project: Project) -> None:
    files = list_files(project.image)
    programs = {path.rpartition("/")[2] for path in files if re.search(r"(^|/)s?bin/", path)}
    assert "python3" in programs
    assert programs & {"sh", "bash", "busybox", "apt", "apt-get", "dpkg", "pip", "pip3"} == set()
