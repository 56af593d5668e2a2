# /// script
# requires-python = ">=3.12"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Make the models of `make bench-serving`: networks with random weights, the same on every run.

Each is an ONNX file of its name in the directory that the command line gives:

    x   float32 [N, first]   N is free, so requests can be answered in one call
    y   float32 [N, last]
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Opset 17 and IR 8, as in the sample models: old enough for every runtime on offer.
OPSET, IR_VERSION = 17, 8


def make_network(sizes: list[int]) -> onnx.ModelProto:
    """Return a network with layers of these sizes and a ReLU after all but the last."""
    random = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        matrix = (random.standard_normal((inputs, outputs)) / np.sqrt(inputs)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"weights_{number}"))
        weights.append(numpy_helper.from_array(np.zeros(outputs, np.float32), f"bias_{number}"))
        is_last = number == len(sizes) - 2
        made = "y" if is_last else f"sums_{number}"
        nodes.append(helper.make_node("Gemm", [last, f"weights_{number}", f"bias_{number}"], [made]))
        last = f"active_{number}"
        if not is_last:
            nodes.append(helper.make_node("Relu", [made], [last]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", sizes[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", sizes[-1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Write a file for each `name=sizes` of the command line, such as `tiny=64-64-10`."""
    directory, *wanted = sys.argv[1:]
    for name, sizes in (each.split("=") for each in wanted):
        onnx.save(make_network([int(size) for size in sizes.split("-")]), Path(directory) / f"{name}.onnx")


if __name__ == "__main__":
    main()
