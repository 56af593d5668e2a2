"""`deployment=kserve`: the container of the manifest serves what KServe leaves in /mnt/models."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from answers import DEFAULTS, nearest
from container.conftest import Build
from project import CommandFailedError, Project, run
from render.renderer import render_in_memory


def copy_files(models: Path, mount: Path) -> None:
    """Leave what lies below a path: of a bucket, of a claim, or `/models` of an image."""
    shutil.copytree(models, mount, dirs_exist_ok=True)


def copy_repository(models: Path, mount: Path) -> None:
    """Leave what `hf://` downloads to a directory: the files, and notes of its own beside them."""
    (snapshot,) = models.rglob("model.onnx")
    for file in snapshot.parent.iterdir():
        if file.name != "SHA256SUMS":
            shutil.copy(file, mount)
    notes = mount / ".cache" / "huggingface" / "download" / "model.onnx.metadata"
    notes.parent.mkdir(parents=True)
    notes.write_text("0123456789\n")
    (mount / ".gitattributes").write_text("*.onnx filter=lfs\n")


def link_files(models: Path, mount: Path) -> None:
    """Leave what a ConfigMap or a Secret is as a volume: links through a directory that is a link too."""
    data = mount / "..2026_11_30_05_00_00.123"
    shutil.copytree(models, data)
    (mount / "..data").symlink_to(data.name)
    for file in data.iterdir():
        (mount / file.name).symlink_to(f"..data/{file.name}")


def start(project: Project, mount: Path, layout: str) -> str:
    """Run the image as the manifest of a project says, and return what it says of its model."""
    answers = DEFAULTS | {"model_layout": layout, "deployment": "kserve", "project_slug": project.image}
    predictor = yaml.safe_load(render_in_memory(answers)["kserve.yaml"])["spec"]["predictor"]
    (container,) = predictor["containers"]
    limits, security = container["resources"]["limits"], predictor["securityContext"]
    options = [f"--env={each['name']}={each['value']}" for each in container["env"]]
    options += [
        f"--user={security['runAsUser']}:{security['runAsGroup']}",
        "--security-opt=no-new-privileges",
    ]
    options += [f"--cap-drop={each}" for each in container["securityContext"]["capabilities"]["drop"]]
    options += [f"--tmpfs={each['mountPath']}" for each in container["volumeMounts"]]
    options += [f"--cpus={limits['cpu']}", f"--memory={limits['memory'].removesuffix('i')}"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    publish = f"--publish=127.0.0.1:{project.port}:{container['ports'][0]['containerPort']}"
    command = ["docker", "run", "--detach", "--read-only", publish, f"--volume={mount}:/mnt/models:ro"]
    running = run([*command, *options, project.image], project.path).strip()
    try:
        project.wait_ready()
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert project.get(container[probe]["httpGet"]["path"])[0] == 200
        assert project.predict()["digit"] == 7
        return project.get("/health/ready")[1]["model"]
    except CommandFailedError as error:
        raise AssertionError(run(["docker", "logs", running], project.path)) from error
    finally:
        run(["docker", "rm", "--force", running], project.path)


@pytest.mark.parametrize(
    ("layout", "leave", "served"),
    [
        ("versioned", copy_files, "digits/1"),
        ("flat", copy_files, "model/"),
        ("flat", copy_repository, "model/"),
        ("flat", link_files, "model/"),
        ("huggingface", copy_files, "sample/digits/"),
        ("huggingface", copy_repository, ""),
    ],
)
def test_what_kserve_leaves_is_served(
    build: Build, tmp_path: Path, layout: str, leave: Callable[[Path, Path], None], served: str
) -> None:
    project = build(nearest("model_layout", layout))
    mount = tmp_path / "mount"
    mount.mkdir()
    leave(project.path / "models", mount)
    run(["chmod", "-R", "a+rX", str(mount)], tmp_path)
    assert start(project, mount, layout).startswith(served)
