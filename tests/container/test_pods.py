"""The pods of `deployment=kubernetes` and `deployment=kserve`, as far as one container is one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from answers import DEFAULTS, nearest
from container.conftest import Build, default
from project import Project, run
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


def read_pod(project: Project, **answers: str) -> dict:
    """Return the pod of the manifest that these answers make."""
    tree = render_in_memory(DEFAULTS | {"project_slug": project.image} | answers)
    if answers["deployment"] == "kserve":
        return yaml.safe_load(tree["kserve.yaml"])["spec"]["predictor"]
    return next(yaml.safe_load_all(tree["kubernetes.yaml"]))["spec"]["template"]["spec"]


@contextmanager
def running(project: Project, pod: dict, volume: str) -> Iterator[str]:
    """Run the image as the pod does, and give its container when each probe has passed."""
    (container,) = pod["containers"]
    limits, security = container["resources"]["limits"], pod["securityContext"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    options = [f"--env={each['name']}={each['value']}" for each in container["env"]]
    options += [
        f"--user={security['runAsUser']}:{security['runAsGroup']}",
        "--security-opt=no-new-privileges",
    ]
    options += [f"--cap-drop={each}" for each in container["securityContext"]["capabilities"]["drop"]]
    options += [f"--tmpfs={each['mountPath']}" for each in container["volumeMounts"] if each["name"] == "tmp"]
    options += [f"--cpus={limits['cpu']}", f"--memory={limits['memory'].removesuffix('i')}"]
    options += [f"--publish=127.0.0.1:{project.port}:{container['ports'][0]['containerPort']}"]
    command = ["docker", "run", "--detach", "--read-only", f"--volume={volume}:ro", *options, project.image]
    name = run(command, project.path).strip()
    try:
        project.wait_ready(name)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert project.get(container[probe]["httpGet"]["path"])[0] == 200
        yield name
    finally:
        run(["docker", "rm", "--force", name], project.path)


@default
def test_a_pod_on_kubernetes_serves_and_stops_within_its_grace_period(project: Project) -> None:
    pod = read_pod(project, deployment="kubernetes")
    (mount,) = (each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "models")
    with running(project, pod, f"{project.path / 'models'}:{mount['mountPath']}") as name:
        assert project.predict()["digit"] == 7
        grace = str(pod["terminationGracePeriodSeconds"])
        run(["docker", "stop", "-t", grace, name], project.path)
        state = run(["docker", "inspect", "--format={{.State.ExitCode}}", name], project.path)
        assert state == "0\n"


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
    pod = read_pod(project, deployment="kserve", model_layout=layout)
    with running(project, pod, f"{mount}:/mnt/models"):
        assert project.predict()["digit"] == 7
        assert project.get("/health/ready")[1]["model"].startswith(served)
