"""docs/pytorch.md: its Python blocks are run in order, and what they leave behind is looked at."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from answers import TEMPLATE
from pages import find_python, read
from project import run

PYTHON = "3.11"
# `+cpu` is on no index but PyTorch's own, or on this machine's disk: the CUDA build, which is gigabytes, can
# never come in by mistake.
TORCH = "torch==2.13.0+cpu"

HEADER = f"""\
# /// script
# requires-python = "=={PYTHON}.*"
# dependencies = [
#   "{TORCH}", "fastapi==0.165.0", "numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.32.0",
#   "onnxscript==0.7.2", "safetensors==0.8.0", "tract==0.23.9",
# ]
# [tool.uv]
# exclude-newer = "2026-11-21T00:00:00Z"
# ///
import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""

# What the page claims and does not check itself.
CHECKS = """
import warnings

import onnx

for file in (version / "model.onnx", external / "model.onnx"):
    graph = onnx.load(file, load_external_data=False).graph
    for value in (*graph.input, *graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "N", f"{file}: {value.name} is fixed"

assert sorted(p.name for p in version.iterdir()) == ["model.onnx"]
assert sorted(p.name for p in external.iterdir()) == ["model.onnx", "model.onnx.data"]
graph = onnx.load(external / "model.onnx", load_external_data=False).graph
locations = {entry.value for t in graph.initializer for entry in t.external_data if entry.key == "location"}
assert locations == {"model.onnx.data"}

frozen = np.zeros((1, 8, 8), np.float32)
frozen.setflags(write=False)
with warnings.catch_warnings():
    warnings.simplefilter("error")
    model.infer({"image": frozen})


class Fixed(nn.Module):
    def forward(self, image):
        return image.reshape(2, 64)


torch.onnx.export(
    Fixed(), (torch.rand(2, 8, 8),), "fixed.onnx", dynamic_shapes={"image": {0: torch.export.Dim("N")}}
)
assert onnx.load("fixed.onnx").graph.input[0].type.tensor_type.shape.dim[0].dim_value == 2

save_file({"other": torch.zeros(1)}, weights / "model.safetensors")
try:
    load(weights)
except ModelError as error:
    assert "does not fit the network" in str(error)
else:
    raise AssertionError("weights of another network were accepted")

print("the page holds")
"""


def find_constants() -> set[str]:
    """Return the constants that every model runtime has, because the service asks for them."""
    runtimes = [path.read_text(encoding="utf-8") for path in (TEMPLATE / "templates/model_runtime").iterdir()]
    return set.intersection(*({*re.findall(r"(?m)^([A-Z_]+) = ", runtime)} for runtime in runtimes))


@pytest.fixture
def torch_here() -> dict[str, str]:
    """Return the environment in which uv installs torch, or skip and say why it cannot.

    `REQUIRE_TORCH=1` turns the skip into a failure. pip may know of wheels on this machine's disk
    (PIP_FIND_LINKS), of which uv is told in its own words.
    """
    environment = {"UV_FIND_LINKS": os.environ.get("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", ""))}
    command = ["uv", "run", "--quiet", "--no-project", "--python", PYTHON, "--with", TORCH, "python", "-V"]
    result = subprocess.run(
        command, cwd="/", env=os.environ | environment, capture_output=True, text=True, timeout=600
    )
    if result.returncode:
        reason = f"{TORCH} for Python {PYTHON} cannot be installed here: {' '.join(result.stderr.split())}"
        if os.environ.get("REQUIRE_TORCH"):
            pytest.fail(reason)
        pytest.skip(reason)
    return environment


def test_every_python_block_of_the_page_runs_and_holds(tmp_path: Path, torch_here: dict[str, str]) -> None:
    blocks = find_python(read("pytorch.md"))
    assert len(blocks) > 5
    script = tmp_path / "page.py"
    needed = f"assert {find_constants()} <= globals().keys()"
    script.write_text("\n\n".join([HEADER, *blocks, needed, CHECKS]), encoding="utf-8")
    source = TEMPLATE / "{{cookiecutter.__project_slug}}" / "src"
    command = ["uv", "run", "--quiet", "--script", str(script)]
    output = run(command, tmp_path, PYTHONPATH=str(source), **torch_here)
    assert output.endswith("the page holds\n")
