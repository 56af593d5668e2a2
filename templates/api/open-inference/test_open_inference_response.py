from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from service.errors import InvalidRequestError
from service.open_inference_request import InferRequest, RequestedOutput
from service.open_inference_response import write_response

OUTPUTS: dict[str, NDArray[Any]] = {
    "output0": np.array([[1.0, 1.1], [2.0, 2.1], [3.0, 3.1]], dtype=np.float32),
    "output1": np.array(["a", "é"], dtype=np.object_),
    "output2": np.array([b"\xff"]),
}


def write(*outputs: tuple[str, bool], request_id: str | None = None) -> tuple[Any, bytes]:
    """Return the JSON of a response, and the tensors after it."""
    request = InferRequest(request_id, {}, [RequestedOutput(*output) for output in outputs])
    body, json_length = write_response("mymodel", "3", request, OUTPUTS)
    assert json_length is None or json_length > 0
    return orjson.loads(body[:json_length]), body[json_length or len(body) :]


def test_the_example_of_the_protocol_is_written() -> None:
    assert write(("output0", False), request_id="42") == (
        {
            "model_name": "mymodel",
            "model_version": "3",
            "id": "42",
            "outputs": [
                {
                    "name": "output0",
                    "datatype": "FP32",
                    "shape": [3, 2],
                    "data": [1.0, 1.1, 2.0, 2.1, 3.0, 3.1],
                }
            ],
        },
        b"",
    )


def test_the_example_of_the_binary_extension_is_written() -> None:
    response, tensors = write(("output0", True))
    assert response == {
        "model_name": "mymodel",
        "model_version": "3",
        "outputs": [
            {
                "name": "output0",
                "datatype": "FP32",
                "shape": [3, 2],
                "parameters": {"binary_data_size": 24},
            }
        ],
    }
    assert tensors == OUTPUTS["output0"].astype("<f4").tobytes()


def test_outputs_come_in_the_order_and_form_that_is_requested() -> None:
    response, tensors = write(("output1", True), ("output0", False))
    assert [output["name"] for output in response["outputs"]] == ["output1", "output0"]
    assert "data" in response["outputs"][1]
    assert tensors == b"\1\0\0\0a\2\0\0\0\xc3\xa9"


def test_an_output_that_json_cannot_hold_is_sent_only_in_binary() -> None:
    assert write(("output2", True))[1] == b"\1\0\0\0\xff"
    with pytest.raises(InvalidRequestError) as caught:
        write(("output2", False))
    assert (
        caught.value.detail
        == "output 'output2': it is not UTF-8, so JSON cannot hold it: request it in binary"
    )
