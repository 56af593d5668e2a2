from typing import Any

import numpy as np
import orjson
import pytest

from service.errors import InvalidRequestError
from service.open_inference.infer_request import InferRequest, WantedOutput, read
from service.tensors import Tensor

INPUTS = [Tensor("input0", "UINT32", [2, 2]), Tensor("input1", "BOOL", [-1])]
OUTPUTS = [Tensor("output0", "FP32", [3, 2]), Tensor("output1", "BYTES", [-1])]

# The examples of the two specifications: `inference_rest.md` (whose `input1` lacks two of its elements) and
# `extension_binary_data.md`.
INPUT0: dict[str, Any] = {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]}
INPUT1: dict[str, Any] = {"name": "input1", "shape": [3], "datatype": "BOOL", "data": [True, False, True]}
REQUEST: dict[str, Any] = {"id": "42", "inputs": [INPUT0, INPUT1], "outputs": [{"name": "output0"}]}
BINARY0: dict[str, Any] = {
    "name": "input0",
    "shape": [2, 2],
    "datatype": "UINT32",
    "parameters": {"binary_data_size": 16},
}
BINARY1: dict[str, Any] = {
    "name": "input1",
    "shape": [3],
    "datatype": "BOOL",
    "parameters": {"binary_data_size": 3},
}
BINARY_REQUEST: dict[str, Any] = {
    "model_name": "mymodel",
    "inputs": [BINARY0, BINARY1],
    "outputs": [{"name": "output0", "parameters": {"binary_data": True}}],
}
TENSORS = np.array([1, 2, 3, 4], dtype="<u4").tobytes() + b"\1\0\1"


def read_json(request: object) -> InferRequest:
    return read(orjson.dumps(request), None, INPUTS, OUTPUTS)


def read_binary(request: object, tensors: bytes = TENSORS) -> InferRequest:
    header = orjson.dumps(request)
    return read(header + tensors, len(header), INPUTS, OUTPUTS)


def check(asked: InferRequest) -> None:
    """Check that the tensors of the examples were read."""
    assert list(asked.inputs) == ["input0", "input1"]
    assert asked.inputs["input0"].tolist() == [[1, 2], [3, 4]]
    assert asked.inputs["input0"].dtype == np.uint32
    assert asked.inputs["input1"].tolist() == [True, False, True]


def test_the_example_of_the_protocol_is_read() -> None:
    asked = read_json(REQUEST)
    check(asked)
    assert (asked.id, asked.outputs) == ("42", [WantedOutput("output0", binary=False)])


def test_the_example_of_the_binary_extension_is_read() -> None:
    asked = read_binary(BINARY_REQUEST)
    check(asked)
    assert (asked.id, asked.outputs) == (None, [WantedOutput("output0", binary=True)])


def test_some_inputs_may_be_binary_and_others_not() -> None:
    check(read_binary(REQUEST | {"inputs": [INPUT0, BINARY1]}, TENSORS[16:]))
    check(read_binary(REQUEST | {"inputs": [BINARY0, INPUT1]}, TENSORS[:16]))


def test_the_bytes_follow_each_other_as_the_inputs_do() -> None:
    asked = read_binary(BINARY_REQUEST | {"inputs": [BINARY1, BINARY0]}, TENSORS[16:] + TENSORS[:16])
    assert asked.inputs["input0"].tolist() == [[1, 2], [3, 4]]


def test_what_the_protocol_does_not_name_is_ignored() -> None:
    unknown = {"parameters": {"priority": 1, "x": None}, "y": [1]}
    check(read_json(REQUEST | unknown | {"inputs": [INPUT0 | unknown, INPUT1 | {"parameters": None}]}))


@pytest.mark.parametrize("nothing", [{}, {"outputs": None}, {"outputs": []}])
def test_all_outputs_are_wanted_unless_some_are_named(nothing: dict[str, object]) -> None:
    asked = read_json({"inputs": [INPUT0, INPUT1]} | nothing)
    assert asked.outputs == [WantedOutput("output0", binary=False), WantedOutput("output1", binary=False)]


# "binary_data_output: … If binary_data is specified on an output it overrides this setting."
def test_what_an_output_says_of_itself_is_stronger_than_what_the_request_says() -> None:
    own = [{"name": "output1", "parameters": {"binary_data": False}}, {"name": "output0"}]
    asked = read_json(REQUEST | {"parameters": {"binary_data_output": True}, "outputs": own})
    assert asked.outputs == [WantedOutput("output1", binary=False), WantedOutput("output0", binary=True)]


def complaint(request: object) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        read_json(request)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": 42}, "id must be a text"),
        ({"parameters": []}, "parameters must be an object"),
        ({"inputs": None}, "inputs is missing: it must be a list"),
        ({"inputs": {}}, "inputs must be a list"),
        ({"inputs": [1]}, "inputs[0] must be an object"),
        ({"inputs": [{}]}, "inputs[0].name is missing: it must be a text"),
        ({"inputs": [INPUT0]}, "the model takes 'input0', 'input1', and of these are missing: 'input1'"),
        ({"inputs": [INPUT0, INPUT0]}, "input 'input0' is given twice"),
        ({"inputs": [INPUT0 | {"name": "x"}]}, "input 'x' is not one of 'input0', 'input1'"),
        ({"outputs": 1}, "outputs must be a list"),
        ({"outputs": ["output0"]}, "outputs[0] must be an object"),
        ({"outputs": [{"name": 1}]}, "outputs[0].name must be a text"),
        ({"outputs": [{"name": "x"}]}, "output 'x' is not one of 'output0', 'output1'"),
        ({"outputs": [{"name": "output0"}] * 2}, "output 'output0' is asked for twice"),
        (
            {"outputs": [{"name": "output0", "parameters": {"binary_data": 1}}]},
            "outputs[0].parameters.binary_data must be true or false",
        ),
        (
            {"parameters": {"binary_data_output": "yes"}},
            "parameters.binary_data_output must be true or false",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_one_sentence(
    change: dict[str, object], sentence: str
) -> None:
    assert complaint(REQUEST | change) == sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"datatype": None}, "its datatype is missing: it must be a text"),
        ({"datatype": "FP8"}, "its datatype is UINT32, not 'FP8'"),
        ({"shape": 4}, "its shape must be a list"),
        ({"shape": [2, -2]}, "its shape must be a list of whole numbers, and none of them negative"),
        ({"shape": [2, True]}, "its shape must be a list of whole numbers, and none of them negative"),
        ({"shape": [4]}, "its shape is [2, 2], where -1 stands for any number, not [4]"),
        ({"shape": [2, 3]}, "its shape is [2, 2], where -1 stands for any number, not [2, 3]"),
        ({"data": None}, "its data is missing: it must be a list"),
        ({"data": 1}, "its data must be a list"),
        ({"data": [1, 2, 3]}, "its data has 3 elements, which is not the shape [2, 2]"),
        ({"data": [[1, 2], [3]]}, "its data is neither flat nor nested as the shape [2, 2] is"),
        (
            {"data": [1, 2, 3, 0.5]},
            "its data must be whole numbers of at most 64 bits, because it is UINT32",
        ),
        ({"data": [1, 2, 3, -4]}, "its data holds a number that is out of the range of UINT32"),
        ({"parameters": {"binary_data_size": True}}, "its binary_data_size must be a whole number"),
        (
            {"parameters": {"binary_data_size": 16}},
            "it has both data and binary_data_size, and only one of them can hold",
        ),
    ],
)
def test_what_is_wrong_with_an_input_is_said_in_one_sentence(
    change: dict[str, object], sentence: str
) -> None:
    assert complaint({"inputs": [INPUT0 | change, INPUT1]}) == f"input 'input0': {sentence}"


@pytest.mark.parametrize("size", [17, 15, 0, -1, 19, 2**64 - 1])
def test_a_tensor_of_another_size_than_its_shape_is_refused(size: int) -> None:
    wrong = BINARY0 | {"parameters": {"binary_data_size": size}}
    with pytest.raises(InvalidRequestError, match=r"input 'input0': its (data has|binary_data_size is)"):
        read_binary(BINARY_REQUEST | {"inputs": [wrong, BINARY1]})


def test_bytes_that_are_missing_or_left_over_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="input 'input1': its binary_data_size is 3, but 2 bytes"):
        read_binary(BINARY_REQUEST, TENSORS[:-1])
    with pytest.raises(InvalidRequestError, match="the body has 1 bytes beyond its JSON and its inputs"):
        read_binary(BINARY_REQUEST, TENSORS + b"\0")


@pytest.mark.parametrize("length", [1, 20, 10_000, 10**18])
def test_a_length_that_is_not_that_of_the_json_is_refused(length: int) -> None:
    with pytest.raises(InvalidRequestError, match=r"not JSON|Inference-Header-Content-Length is"):
        read(orjson.dumps(BINARY_REQUEST) + TENSORS, length, INPUTS, OUTPUTS)


def test_tensors_in_binary_need_the_length_of_the_json() -> None:
    with pytest.raises(InvalidRequestError, match="0 bytes are left after the JSON, whose own length"):
        read(orjson.dumps(BINARY_REQUEST), None, INPUTS, OUTPUTS)
    with pytest.raises(InvalidRequestError, match="not JSON"):
        read(orjson.dumps(BINARY_REQUEST) + TENSORS, None, INPUTS, OUTPUTS)


def test_a_sentence_never_repeats_much_of_what_was_sent() -> None:
    long = "x" * 100_000
    for change in ({"name": long}, {"datatype": long}, {"shape": [7] * 100_000}):
        assert len(complaint({"inputs": [INPUT0 | change, INPUT1]})) < 250
