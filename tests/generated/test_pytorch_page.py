"""docs/pytorch.md: the model is trained and exported, and a project serves it, as the page says."""

import os
import subprocess
from pathlib import Path

import pytest
from answers import TEMPLATE
from pages import read_blocks, select
from project import make, run

PYTHON = "3.11"
# `+cpu` is only on PyTorch's own index or on this machine's disk: the CUDA build never comes in by mistake.
PACKAGES = [
    "torch==2.13.0+cpu", "numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.32.0", "onnxscript==0.7.2",
    "tokenizers==0.23.2",
]  # fmt: skip


def with_packages() -> list[str]:
    """Return a command that runs Python with these packages."""
    packages = [part for package in PACKAGES for part in ("--with", package)]
    return ["uv", "run", "--quiet", "--no-project", "--python", PYTHON, *packages, "python"]


@pytest.fixture
def torch_here() -> dict[str, str]:
    """Return the environment in which uv installs torch, or skip and say why it cannot.

    `REQUIRE_TORCH=1` turns the skip into a failure. pip may know of wheels on this machine's disk
    (PIP_FIND_LINKS), of which uv is told in its own words.
    """
    links = os.environ.get("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", ""))
    environment = {"UV_FIND_LINKS": links, "ORT_DISABLE_TELEMETRY": "1"}
    result = subprocess.run(
        [*with_packages(), "-V"],
        cwd="/",
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if result.returncode:
        reason = f"torch cannot be installed here: {' '.join(result.stderr.split())}"
        if os.environ.get("REQUIRE_TORCH"):
            pytest.fail(reason)
        pytest.skip(reason)
    return environment


@pytest.mark.stress
def test_a_project_serves_the_model_of_the_page(tmp_path: Path, torch_here: dict[str, str]) -> None:
    blocks = read_blocks("pytorch.md")
    script = tmp_path / "train.py"
    script.write_text("\n\n".join(select(blocks, "python")), encoding="utf-8")
    run([*with_packages(), str(script)], tmp_path, **torch_here)

    create, check = select(blocks, "sh")
    assert check.splitlines()[0] == "make check"
    template = f"cookiecutter '{TEMPLATE}' --default-config"
    commands = create.replace("uvx cookiecutter gh:org/template", template)
    run(["bash", "-ec", commands], tmp_path, VIRTUAL_ENV="")
    project = tmp_path / "sentiment-service"
    predictor, test = select(blocks, "py")
    (project / "src" / "service" / "predictor.py").write_text(predictor, encoding="utf-8")
    (project / "tests" / "test_predictor.py").write_text(test, encoding="utf-8")
    make("check", project, "3.13")
