"""ONNX models on ONNX Runtime."""

import base64
import os
from pathlib import Path

import numpy as np
import pytest

from service.errors import ModelError
from service.model_runtime import FILE_NAME, load

# onnx.parser.parse_model makes such files from a text; of this one:
# <ir_version: 8, opset_import: ["": 17]> g (int64[N] index) => (float[N] found)
# <float[2] table = {7.0, 8.0}> { found = Gather (table, index) }
GATHER = (
    "CAg6ZwofCgV0YWJsZQoFaW5kZXgSBWZvdW5kIgZHYXRoZXI6ABIBZyoVCAIQASIIAADgQAAAAEFCBXRhYmxlWhQKBWluZGV4EgsKCQgH"
    "EgUKAxIBTmIUCgVmb3VuZBILCgkIARIFCgMSAU5CBAoAEBE="
)
# <ir_version: 8, opset_import: ["": 17, "ai.onnx.ml": 3]>
# g (float[N,2] scores) => (seq(map(int64, float[])) maps)
# { maps = ai.onnx.ml.ZipMap <classlabels_int64s = [0, 1]> (scores) }
ZIPMAP = (
    "CAg6dwo/CgZzY29yZXMSBG1hcHMiBlppcE1hcCobChJjbGFzc2xhYmVsc19pbnQ2NHNAAEABoAEHOgphaS5vbm54Lm1sEgFnWhkKBnNj"
    "b3JlcxIPCg0IARIJCgMSAU4KAggCYhYKBG1hcHMSDiIMCgoqCAgHEgQKAggBQgQKABARQg4KCmFpLm9ubngubWwQAw=="
)


def write(directory: Path, model: str) -> Path:
    file = directory / FILE_NAME
    file.write_bytes(base64.b64decode(model))
    return file


def test_a_model_answers_by_the_names_of_its_outputs(tmp_path: Path) -> None:
    outputs = load(write(tmp_path, GATHER)).infer({"index": np.array([1, 0])})
    assert {name: array.tolist() for name, array in outputs.items()} == {"found": [8, 7]}


def test_runtime_errors_are_raised_and_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = load(write(tmp_path, GATHER))
    with pytest.raises(Exception, match="out of data bounds"):
        model.infer({"index": np.array([99])})
    assert capfd.readouterr() == ("", "")


def test_a_file_of_another_kind_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("no model")
    with pytest.raises(ModelError, match=r"cannot run .*: export the model again$"):
        load(tmp_path / FILE_NAME)


def test_a_classifier_that_answers_with_maps_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"maps of .* is a seq\(map.*zipmap=False$"):
        load(write(tmp_path, ZIPMAP))


def test_nothing_is_reported_to_the_maker_of_the_runtime() -> None:
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
