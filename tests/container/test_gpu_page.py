"""docs/gpu.md, as far as a machine without a GPU can tell."""

from pathlib import Path

import pytest
import yaml
from answers import DEFAULTS, FACTS, nearest
from pages import read_blocks, select
from project import poetry_settings, render, run

BLOCKS = read_blocks("gpu.md")
ENGINE, SERVICE = select(BLOCKS, "yaml")
(SETTING,) = select(BLOCKS, "sh")
(REQUIREMENT,) = select(BLOCKS, "toml")


@pytest.mark.parametrize(
    ("answers", "file", "name"),
    [(nearest("model_runtime", "llama-cpp"), ENGINE, "engine"), (DEFAULTS, SERVICE, "service")],
)
def test_compose_adds_the_gpu(tmp_path: Path, answers: dict, file: str, name: str) -> None:
    project = render(answers, tmp_path, hooks=False)
    before = yaml.safe_load(run(["docker", "compose", "config"], project))["services"]
    (project / "compose.gpu.yaml").write_text(file)
    (project / ".env").write_text(SETTING)
    after = yaml.safe_load(run(["docker", "compose", "config"], project))["services"]
    assert after[name].pop("gpus") == [{"count": -1}]
    tag = FACTS["_engine_image"].partition(":server-")[2]
    if name == "engine":
        assert after[name]["image"] == FACTS["_engine_image"].replace(tag, f"cuda-{tag}")
        after[name]["image"] = before[name]["image"]
    after["service"].pop("env_file", None)
    before["service"].pop("env_file", None)
    settings = after["service"]["environment"]
    assert settings.pop("COMPOSE_FILE", None) in {None, SETTING.partition("=")[2].strip()}
    assert after == before


def test_the_requirement_can_be_locked(tmp_path: Path) -> None:
    project = render(DEFAULTS, tmp_path, hooks=False)
    file = project / "pyproject.toml"
    (old,) = (line for line in file.read_text().splitlines() if '"onnxruntime>' in line)
    file.write_text(file.read_text().replace(old.strip(), REQUIREMENT.strip()))
    run(["make", "lock"], project, VIRTUAL_ENV="", **poetry_settings())
    lock = (project / "uv.lock").read_text()
    assert 'name = "onnxruntime-gpu"' in lock
    assert 'name = "nvidia-cudnn-cu' in lock
