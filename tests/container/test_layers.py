"""The layers of the image: the same for the same tree wherever it is built, and made for each platform."""

import json
import os
import shutil
from pathlib import Path

import pytest
from answers import FACTS, Answers, nearest
from container.conftest import CELLS
from images.engine import layers
from project import Project, run


@pytest.mark.parametrize(
    "answers", [*CELLS, nearest("package_manager", "pip"), nearest("model_volume", "named")]
)
def test_the_same_tree_gives_the_same_layers_anywhere_at_any_time(project: Project, tmp_path: Path) -> None:
    copy = Project(Path(shutil.copytree(project.path, tmp_path / f"{project.image}-again")))
    for path in [copy.path, *copy.path.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    compose = copy.path / "compose.yaml"
    # Under another name, in whose cache there is no byte code either.
    for path in (compose, copy.path / "Dockerfile"):
        text = path.read_text(encoding="utf-8").replace(project.image, copy.image)
        path.write_text(text, encoding="utf-8")
    copy.compose("build", "--no-cache", "service")
    assert layers(copy.image) == layers(project.image)


@pytest.mark.parametrize("answers", [*CELLS, nearest("model_runtime", "tract")])
def test_it_is_built_for_every_platform_that_has_the_wheels(project: Project, answers: Answers) -> None:
    wheels = FACTS["_model_runtimes"][answers["model_runtime"]]["wheels"]
    libc = FACTS["_base_images"][answers["base_image"]]["libc"]
    plan = run(["docker", "buildx", "bake", "--print", "--progress=quiet", "service"], project.path)
    target = json.loads(plan)["target"]["service"]
    assert target["platforms"] == [FACTS["_architectures"][machine] for machine in wheels[libc]]
    assert target["tags"] == [project.image]
    assert [secret["id"] for secret in target["secret"]] == ["ca_bundle", "netrc"]


@pytest.mark.parametrize("answers", CELLS)
def test_one_platform_at_a_time_is_the_image_that_compose_builds(project: Project) -> None:
    tag = f"{project.image}:platform"
    sets = ["--set=*.platform=linux/amd64", f"--set=service.tags={tag}"]
    command = ["docker", "buildx", "bake", "--load", *sets, "service"]
    run(command, project.path, BUILDX_BAKE_ENTITLEMENTS_FS="0")
    assert layers(tag) == layers(project.image)
