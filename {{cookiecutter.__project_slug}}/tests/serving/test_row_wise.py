from collections.abc import Callable

import numpy as np
import pytest

from service.serving.row_wise import answers_row_by_row
from service.tensors import Arrays, Tensor

Compute = Callable[[Arrays], Arrays]


class Model:
    """A model that computes what it is told to."""

    def __init__(self, compute: Compute, inputs: list[Tensor], outputs: list[Tensor]) -> None:
        self.infer, self.inputs, self.outputs = compute, inputs, outputs


EXAMPLE = {"x": np.array([[3.0, 4.0]], dtype=np.float32)}
ROWS = [Tensor("x", "FP32", [-1, 2])]


def answers(compute: Compute, inputs: list[Tensor] = ROWS, outputs: list[Tensor] = ROWS) -> bool:
    return answers_row_by_row(Model(compute, inputs, outputs), EXAMPLE)  # type: ignore[arg-type]


def test_a_model_that_computes_each_row_alone_can_be_asked_for_several() -> None:
    assert answers(lambda inputs: {"x": inputs["x"] * 2})


@pytest.mark.parametrize("fixed", ["inputs", "outputs"])
def test_a_first_dimension_that_is_fixed_takes_one_request_at_a_time(
    caplog: pytest.LogCaptureFixture, fixed: str
) -> None:
    caplog.set_level("INFO")
    assert not answers(lambda inputs: inputs, **{fixed: [Tensor("x", "FP32", [1, 2])]})
    assert caplog.messages == ["requests are not joined: the first dimension of x is fixed"]


@pytest.mark.parametrize(
    "compute",
    [
        lambda inputs: {"x": inputs["x"] - inputs["x"].mean(axis=0)},
        lambda inputs: {"x": inputs["x"].cumsum(axis=0)},
        lambda inputs: {"x": inputs["x"][:1]},
    ],
)
def test_rows_that_meet_are_never_joined(compute: Compute) -> None:
    assert not answers(compute)


def test_a_model_that_refuses_several_rows_is_asked_for_one_at_a_time() -> None:
    def refuse_several(inputs: Arrays) -> Arrays:
        if len(inputs["x"]) > 1:
            raise ValueError("one row, please")
        return inputs

    assert not answers(refuse_several)
