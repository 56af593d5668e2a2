"""Requests of the Open Inference Protocol that are wrong somewhere, by the thousand; each seed gives its own.

Each begins as one that can be answered. Then its JSON is changed as JSON (a value replaced, removed,
repeated, wrapped), or its bytes as bytes (cut, flipped, doubled), or what its header says of them.

Run it with the Python of a rendered project that has the protocol: `PYTHONPATH=src python malformed.py COUNT
SEED`. It asks the project's application and prints how many requests got which status.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fastapi.testclient import TestClient
from mutations import CHANGES, change, change_bytes, places, write
from service import open_inference
from service.app import create_app
from service.batching import Batcher
from service.loader import ServedModel
from service.settings import Settings
from service.tensors import Tensor, datatype_of, to_binary

Arrays = dict[str, np.ndarray]

LENGTH = "inference-header-content-length"


class Body(NamedTuple):
    """A body, and how many of its bytes are JSON, as its header says it."""

    content: bytes
    header_length: str | None


DATATYPES = ["BOOL", "UINT8", "INT64", "UINT64", "FP16", "FP32", "FP64", "BYTES", "FP8", "fp32", ""]
HEADERS = [None, "", "0", "-1", "1", "x", "1.0", "9" * 18, "9" * 400, "é", "+5", "5 5", "0x10"]


def good_requests(inputs: Arrays) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Give requests for these inputs that are right: their JSON, and the bytes after it."""
    for nested in (False, True):
        described = [
            {
                "name": name,
                "shape": list(array.shape),
                "datatype": datatype_of(array.dtype),
                "data": (array if nested else array.ravel()).tolist(),
            }
            for name, array in inputs.items()
        ]
        yield {"id": "1", "inputs": described, "parameters": {"binary_data_output": nested}}, b""
    tensors = {name: to_binary(array) for name, array in inputs.items()}
    for each in described:
        each["parameters"] = {"binary_data_size": len(tensors[each["name"]])}
        del each["data"]
    yield {"inputs": described, "parameters": {"binary_data_output": True}}, b"".join(tensors.values())


def malformed_requests(inputs: Arrays, count: int, seed: int) -> Iterator[Body]:
    """Give so many requests for these inputs, most of which are wrong."""
    dice = random.Random(seed)  # noqa: S311
    good = [(json.dumps(request), tensors) for request, tensors in good_requests(inputs)]
    for _ in range(count):
        text, tensors = dice.choice(good)
        request = json.loads(text)
        change(request, dice, [*CHANGES, rename])
        if tensors and dice.random() < 0.3:
            tensors = change_bytes(tensors, dice)
        header = write(request)
        length = str(len(header)) if tensors else None
        if dice.random() < 0.1:
            length = dice.choice([*HEADERS, str(len(header) + dice.randint(-9, 9))])
        content = header + tensors
        yield Body(change_bytes(content, dice) if dice.random() < 0.2 else content, length)


def rename(request: Any, dice: random.Random) -> None:
    """Call the type of a tensor by another name."""
    for holder, key in places(request):
        if key == "datatype" and dice.random() < 0.5:
            holder[key] = dice.choice(DATATYPES)


def one_of_each() -> Arrays:
    """Return an array of each datatype."""
    numbers = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
    numbers += ["float16", "float32", "float64"]
    arrays: Arrays = {name: np.array([[1, 2]], dtype=name) for name in ["bool", *numbers]}
    return arrays | {"bytes": np.array([["a", "é"]], dtype=object)}


class Echo:
    """A model that takes one of each datatype and gives it back."""

    def infer(self, inputs: Arrays) -> Arrays:
        return dict(inputs)


def main(count: int, seed: int) -> None:
    """Ask an application that serves an echo; stop at the first answer that is neither 200 nor a good 400."""
    inputs, settings = one_of_each(), Settings()
    tensors = [Tensor(name, datatype_of(array.dtype), [-1, 2]) for name, array in inputs.items()]
    open_inference.describe = lambda _: (tensors, tensors)
    model, app = Echo(), create_app(settings)
    batcher = Batcher(model, settings, threads=1, joins=True)
    app.state.readiness.serve(ServedModel("echo", "1", Path(), model, None, batcher))
    statuses: Counter[int] = Counter()
    client = TestClient(app)
    for body in malformed_requests(inputs, count, seed):
        headers = {} if body.header_length is None else {LENGTH: body.header_length.encode()}
        response = client.post("/v2/models/echo/infer", content=body.content, headers=headers)
        statuses[response.status_code] += 1
        check(response.status_code, response.content, body)
    batcher.close()
    print(json.dumps(statuses))


def check(status: int, content: bytes, body: Body) -> None:
    """Check that a request was answered, or refused in one short sentence."""
    assert status in {200, 400}, (status, content, body)
    if status == 400:
        answer = json.loads(content)
        assert answer.keys() == {"error"}, body
        assert "\n" not in answer["error"], body
        assert len(answer["error"]) < 1000, body


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
