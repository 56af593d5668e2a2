from pathlib import Path

import numpy as np
import orjson
import pytest

from service.errors import InvalidRequestError
from service.open_inference.infer_request import InferRequest, WantedOutput
from service.open_inference.infer_response import write
from service.tensors import Arrays
from service.volume.model_version import ModelVersion

MODEL = ModelVersion("mymodel", "3", Path())
OUTPUTS: Arrays = {
    "output0": np.array([[1.0, 1.1], [2.0, 2.1], [3.0, 3.1]], dtype=np.float32),
    "output1": np.array(["a", "é"], dtype=object),
}


def ask(*wanted: tuple[str, bool], id: str | None = None) -> InferRequest:  # noqa: A002
    return InferRequest(id, {}, [WantedOutput(*each) for each in wanted])


# The example of the protocol, `inference_rest.md`.
def test_an_answer_in_json_is_that_of_the_protocol() -> None:
    content, header_length = write(MODEL, ask(("output0", False), id="42"), OUTPUTS)
    assert header_length is None
    assert orjson.loads(content) == {
        "model_name": "mymodel",
        "model_version": "3",
        "id": "42",
        "outputs": [
            {"name": "output0", "shape": [3, 2], "datatype": "FP32", "data": [1.0, 1.1, 2.0, 2.1, 3.0, 3.1]}
        ],
    }


# The example of the binary extension: the JSON, then 24 bytes of data for output0.
def test_an_answer_in_binary_is_that_of_the_extension() -> None:
    content, header_length = write(MODEL, ask(("output0", True)), OUTPUTS)
    assert orjson.loads(content[:header_length]) == {
        "model_name": "mymodel",
        "model_version": "3",
        "outputs": [
            {
                "name": "output0",
                "shape": [3, 2],
                "datatype": "FP32",
                "parameters": {"binary_data_size": 24},
            }
        ],
    }
    assert content[header_length:] == OUTPUTS["output0"].astype("<f4").tobytes()


def test_outputs_come_in_the_order_and_form_that_is_wanted() -> None:
    content, header_length = write(MODEL, ask(("output1", True), ("output0", False)), OUTPUTS)
    outputs = orjson.loads(content[:header_length])["outputs"]
    assert [output["name"] for output in outputs] == ["output1", "output0"]
    assert outputs[1]["data"][0] == 1
    assert content[header_length:] == b"\1\0\0\0a\2\0\0\0\xc3\xa9"


def test_an_output_without_elements_is_still_in_binary() -> None:
    content, header_length = write(MODEL, ask(("x", True)), {"x": np.zeros((0, 3))})
    assert header_length == len(content)
    assert orjson.loads(content)["outputs"][0]["parameters"] == {"binary_data_size": 0}


def test_bytes_that_are_no_text_can_be_had_in_binary_alone() -> None:
    outputs = {"x": np.array([b"\xff"])}
    assert write(MODEL, ask(("x", True)), outputs)[0].endswith(b"\1\0\0\0\xff")
    with pytest.raises(InvalidRequestError, match="output x: it is no text"):
        write(MODEL, ask(("x", False)), outputs)
