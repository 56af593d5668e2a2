"""What MODELS.md says of sharing weights: its Python block is run, and the kernel asked what is mapped."""

import json
import re
import shutil
from pathlib import Path

import pytest
from answers import Answers, nearest
from pages import find_python, read
from project import run

LOOK = """
import json, sys
from pathlib import Path
from service import predictor
from service.serving import loader
from service.settings import Settings

model = loader.load(Settings(model_repository=Path(sys.argv[1]))).model
answer = predictor.to_response(model.infer(predictor.to_inputs(predictor.EXAMPLE)))
mapped = {Path(line.split()[-1]).name for line in open("/proc/self/maps") if sys.argv[1] in line}
print(json.dumps([answer.model_dump(), *sorted(mapped)]))
"""


def look(project: Path) -> list:
    """Return what the model of a project answers to the example, and which of its files are mapped."""
    output = run(["uv", "run", "python", "-c", LOOK, str(project / "models")], project)
    return json.loads(output.splitlines()[-1])


@pytest.mark.parametrize(
    "answers", [nearest("model_runtime", "custom"), nearest("model_runtime", "model2vec")]
)
def test_safetensors_are_mapped(project: Path, answers: Answers) -> None:
    run(["make", "install"], project)
    assert look(project)[1:] == ["model.safetensors"]


@pytest.mark.parametrize("answers", [nearest("model_runtime", "onnxruntime")])
def test_a_model_saved_as_the_page_says_is_mapped_and_answers_the_same(project: Path, tmp_path: Path) -> None:
    run(["make", "install"], project)
    (snippet,) = find_python((project / "MODELS.md").read_text(encoding="utf-8"))
    assert [snippet] == find_python(read("shared-weights.md"))
    (sample,) = project.glob("models/*/1/model.onnx")
    (tmp_path / "shared").mkdir()
    shutil.copy(sample, tmp_path / "model.onnx")
    before = look(project)
    assert before[1:] == []
    command = ["uv", "run", "--project", str(project), "python", "-c", snippet]
    run(command, tmp_path, ORT_DISABLE_TELEMETRY="1")
    names = [path.name for path in sorted((tmp_path / "shared").iterdir())]
    (command,) = re.findall(
        r"`(make add-model FILE=shared)`", (project / "MODELS.md").read_text(encoding="utf-8")
    )
    run([*command.split()[:2], f"FILE={tmp_path / 'shared'}"], project)
    assert look(project) == [before[0], "model.onnx.data"]
    assert names == ["model.onnx", "model.onnx.data"]
