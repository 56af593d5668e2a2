from typing import Any

import numpy as np
import orjson
import pytest

from service.errors import InvalidRequestError
from service.open_inference_request import InferRequest, RequestedOutput, parse_request
from service.tensors import Tensor

INPUTS = [Tensor("input0", "UINT32", [2, 2]), Tensor("input1", "BOOL", [-1])]
OUTPUTS = [Tensor("output0", "FP32", [3, 2]), Tensor("output1", "BYTES", [-1])]

# The examples of inference_rest.md and of extension_binary_data.md.
INPUT0: dict[str, Any] = {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]}
INPUT1: dict[str, Any] = {"name": "input1", "shape": [3], "datatype": "BOOL", "data": [True, False, True]}
REQUEST: dict[str, Any] = {"id": "42", "inputs": [INPUT0, INPUT1], "outputs": [{"name": "output0"}]}
BINARY0 = {key: INPUT0[key] for key in ("name", "shape", "datatype")} | {
    "parameters": {"binary_data_size": 16}
}
BINARY1 = {key: INPUT1[key] for key in ("name", "shape", "datatype")} | {
    "parameters": {"binary_data_size": 3}
}
BINARY_REQUEST: dict[str, Any] = {
    "inputs": [BINARY0, BINARY1],
    "outputs": [{"name": "output0", "parameters": {"binary_data": True}}],
}
TENSORS = np.array([1, 2, 3, 4], dtype="<u4").tobytes() + b"\1\0\1"


def parse_json(request: object) -> InferRequest:
    return parse_request(orjson.dumps(request), None, INPUTS, OUTPUTS)


def parse_binary(request: object, tensors: bytes = TENSORS) -> InferRequest:
    text = orjson.dumps(request)
    return parse_request(text + tensors, len(text), INPUTS, OUTPUTS)


def get_problem(request: object) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_json(request)
    return caught.value.detail


def check_inputs(request: InferRequest) -> None:
    assert list(request.inputs) == ["input0", "input1"]
    assert request.inputs["input0"].tolist() == [[1, 2], [3, 4]]
    assert request.inputs["input0"].dtype == np.uint32
    assert request.inputs["input1"].tolist() == [True, False, True]


def test_the_example_of_the_protocol_is_read() -> None:
    request = parse_json(REQUEST)
    check_inputs(request)
    assert (request.id, request.outputs) == ("42", [RequestedOutput("output0", binary=False)])


def test_the_example_of_the_binary_extension_is_read() -> None:
    request = parse_binary(BINARY_REQUEST)
    check_inputs(request)
    assert (request.id, request.outputs) == (None, [RequestedOutput("output0", binary=True)])


def test_some_inputs_may_be_binary_and_others_json() -> None:
    check_inputs(parse_binary(REQUEST | {"inputs": [INPUT0, BINARY1]}, TENSORS[16:]))
    check_inputs(parse_binary(REQUEST | {"inputs": [BINARY0, INPUT1]}, TENSORS[:16]))


def test_binary_tensors_follow_in_the_order_of_the_inputs() -> None:
    request = parse_binary(BINARY_REQUEST | {"inputs": [BINARY1, BINARY0]}, TENSORS[16:] + TENSORS[:16])
    assert request.inputs["input0"].tolist() == [[1, 2], [3, 4]]


def test_unknown_fields_and_parameters_are_ignored() -> None:
    unknown = {"parameters": {"priority": 1, "x": None}, "y": [1]}
    check_inputs(
        parse_json(REQUEST | unknown | {"inputs": [INPUT0 | unknown, INPUT1 | {"parameters": None}]})
    )


def test_a_byte_order_mark_is_skipped() -> None:
    mark = b"\xef\xbb\xbf"
    check_inputs(parse_request(mark + orjson.dumps(REQUEST), None, INPUTS, OUTPUTS))
    text = mark + orjson.dumps(BINARY_REQUEST)
    check_inputs(parse_request(text + TENSORS, len(text), INPUTS, OUTPUTS))


@pytest.mark.parametrize("outputs", [{}, {"outputs": None}, {"outputs": []}])
def test_all_outputs_are_sent_unless_some_are_requested(outputs: dict[str, object]) -> None:
    request = parse_json({"inputs": [INPUT0, INPUT1]} | outputs)
    assert request.outputs == [
        RequestedOutput("output0", binary=False),
        RequestedOutput("output1", binary=False),
    ]


def test_binary_data_of_an_output_overrides_binary_data_output_of_the_request() -> None:
    outputs = [{"name": "output1", "parameters": {"binary_data": False}}, {"name": "output0"}]
    request = parse_json(REQUEST | {"parameters": {"binary_data_output": True}, "outputs": outputs})
    assert request.outputs == [
        RequestedOutput("output1", binary=False),
        RequestedOutput("output0", binary=True),
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": 42}, "id must be a string"),
        ({"parameters": []}, "parameters must be an object"),
        ({"inputs": None}, "inputs is missing: it must be an array"),
        ({"inputs": {}}, "inputs must be an array"),
        ({"inputs": [1]}, "inputs[0] must be an object"),
        ({"inputs": [{}]}, "inputs[0].name is missing: it must be a string"),
        ({"inputs": [INPUT0]}, "inputs are missing: 'input1'"),
        ({"inputs": [INPUT0, INPUT0]}, "input 'input0' is given twice"),
        ({"inputs": [INPUT0 | {"name": "x"}]}, "input 'x' is unknown: the model has 'input0', 'input1'"),
        ({"outputs": 1}, "outputs must be an array"),
        ({"outputs": ["output0"]}, "outputs[0] must be an object"),
        ({"outputs": [{"name": "x"}]}, "output 'x' is unknown: the model has 'output0', 'output1'"),
        ({"outputs": [{"name": "output0"}] * 2}, "output 'output0' is requested twice"),
        (
            {"outputs": [{"name": "output0", "parameters": {"binary_data": 1}}]},
            "outputs[0].parameters.binary_data must be true or false",
        ),
        ({"parameters": {"binary_data_output": "x"}}, "parameters.binary_data_output must be true or false"),
    ],
)
def test_a_problem_of_the_request_is_named(change: dict[str, object], problem: str) -> None:
    assert get_problem(REQUEST | change) == problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"datatype": None}, "its datatype is missing: it must be a string"),
        ({"datatype": "FP8"}, "its datatype must be UINT32, not 'FP8'"),
        ({"shape": 4}, "its shape must be an array"),
        ({"shape": [2, -2]}, "its shape must be [2, 2], where -1 is any size, not [2, -2]"),
        ({"shape": [2, True]}, "its shape must be [2, 2], where -1 is any size, not [2, True]"),
        ({"shape": [4]}, "its shape must be [2, 2], where -1 is any size, not [4]"),
        ({"data": None}, "its data is missing: it must be an array"),
        ({"data": [1, 2, 3]}, "its data has 3 elements, but its shape is [2, 2]"),
        ({"data": [[1, 2], [3]]}, "its data is neither flat nor nested as its shape, [2, 2]"),
        ({"data": [1, 2, 3, -4]}, "its data has a number that UINT32 cannot hold"),
        ({"parameters": {"binary_data_size": True}}, "its binary_data_size must be an integer"),
        (
            {"parameters": {"binary_data_size": 16}},
            "it has both data and binary_data_size: send one of them",
        ),
    ],
)
def test_a_problem_of_an_input_is_named(change: dict[str, object], problem: str) -> None:
    assert get_problem({"inputs": [INPUT0 | change, INPUT1]}) == f"input 'input0': {problem}"


@pytest.mark.parametrize("size", [17, 15, 0, -1, 19, 2**64 - 1])
def test_a_binary_tensor_of_another_size_than_its_shape_is_refused(size: int) -> None:
    wrong = BINARY0 | {"parameters": {"binary_data_size": size}}
    with pytest.raises(InvalidRequestError, match=r"input 'input0': its (data has|binary_data_size is)"):
        parse_binary(BINARY_REQUEST | {"inputs": [wrong, BINARY1]})


def test_missing_and_extra_bytes_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="input 'input1': its binary_data_size is 3, but 2 bytes"):
        parse_binary(BINARY_REQUEST, TENSORS[:-1])
    with pytest.raises(InvalidRequestError, match="the body has 1 bytes after its JSON and its tensors"):
        parse_binary(BINARY_REQUEST, TENSORS + b"\0")


@pytest.mark.parametrize("length", [None, 1, 20, 10_000])
def test_a_wrong_length_of_the_json_is_refused(length: int | None) -> None:
    with pytest.raises(InvalidRequestError, match=r"not valid JSON|Inference-Header-Content-Length is"):
        parse_request(orjson.dumps(BINARY_REQUEST) + TENSORS, length, INPUTS, OUTPUTS)


def test_an_error_repeats_only_a_little_of_the_request() -> None:
    long = "x" * 100_000
    for change in ({"name": long}, {"datatype": long}, {"shape": [7] * 100_000}):
        assert len(get_problem({"inputs": [INPUT0 | change, INPUT1]})) < 250
