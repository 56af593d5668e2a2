"""The sample model: what its card says was measured."""

import json
import re
from pathlib import Path

from answers import TEMPLATE
from project import run

PROJECT = TEMPLATE / "{{cookiecutter.__project_slug}}"


def test_training_anew_gives_the_accuracy_of_the_card_and_the_example(tmp_path: Path) -> None:
    script = TEMPLATE / "tools" / "train_digits.py"
    model, request = tmp_path / "model.onnx", tmp_path / "predict.json"
    output = run(
        ["uv", "run", "--quiet", "--script", str(script), "--model", str(model), "--request", str(request)],
        tmp_path,
    )
    accuracy = float(re.search(r"held-out images: ([0-9.]+)", output)[1])
    card = (PROJECT / "models" / "README.md").read_text(encoding="utf-8")
    assert f"{100 * accuracy:.1f} %" in card
    (sample,) = PROJECT.rglob("model.onnx")
    for file in (model, sample):
        assert f"{accuracy:.4f}".encode() in file.read_bytes()
    example = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(request.read_text(encoding="utf-8")) == json.loads(example)
