"""What docs/models.md says of sharing weights: its block is run, and the kernel asked what is mapped."""

import json
import shutil
from pathlib import Path

import pytest
from answers import Answers, nearest
from pages import read_blocks, select
from project import run

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="only Linux says in a file what is mapped"
)
LOOK = """
import json, sys
from pathlib import Path
from service.loader import load
from service.predictor import EXAMPLE
from service.settings import Settings

served = load(Settings(model_repository=Path(sys.argv[1])))
outputs = served.model.infer(served.predictor.to_inputs(EXAMPLE))
answer = served.predictor.to_response(EXAMPLE, outputs).model_dump()
mapped = {Path(line.split()[-1]).name for line in open("/proc/self/maps") if sys.argv[1] in line}
print(json.dumps([answer, *sorted(mapped)]))
"""


def look(project: Path) -> list:
    """Return what the model of a project answers to the example, and which of its files are mapped."""
    command = ["uv", "run", "--quiet", "python", "-c", LOOK, str(project / "models")]
    return json.loads(run(command, project, PYTHONPATH="src", VIRTUAL_ENV="").splitlines()[-1])


@pytest.mark.parametrize(
    "answers", [nearest("model_runtime", runtime) for runtime in ("custom", "model2vec")]
)
def test_safetensors_are_mapped(project: Path, answers: Answers) -> None:
    assert look(project)[1:] == ["model.safetensors"]


@pytest.mark.parametrize("answers", [nearest("model_runtime", "onnxruntime")])
def test_a_model_saved_as_the_page_says_is_mapped_and_answers_the_same(project: Path, tmp_path: Path) -> None:
    [snippet] = select(read_blocks("models.md"), "python")
    [sample] = project.glob("models/*/1/model.onnx")
    before = look(project)
    assert before[1:] == []
    (tmp_path / "shared").mkdir()
    shutil.copy(sample, tmp_path)
    command = ["uv", "run", "--quiet", "--project", str(project), "python", "-c", snippet]
    run(command, tmp_path, ORT_DISABLE_TELEMETRY="1", VIRTUAL_ENV="")
    (version := sample.parents[1] / "2").mkdir()
    for file in (tmp_path / "shared").iterdir():
        shutil.copy(file, version)
    assert look(project) == [before[0], "model.onnx.data"]
