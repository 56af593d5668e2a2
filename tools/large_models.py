# /// script
# requires-python = ">=3.12"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.32.0", "safetensors==0.8.0"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Write models of 1 GB with weights that mean nothing, for `make bench-weights`.

Each takes and gives what the sample of digits does. Below the directory that is given:

    safetensors/digits/1   one hidden layer, for the runtime `custom`
    one-file/digits/1      ten layers in one ONNX file
    external/digits/1      the same with the weights in a file of their own
    packed/digits/1        the same as ONNX Runtime packs it for this processor
"""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

SIZE = 1 << 30
WIDTH, LAYERS = 5120, 10
OPSET, IR_VERSION = 17, 8
random = np.random.default_rng(seed=0)


def weights(rows: int, columns: int) -> np.ndarray:
    """Return weights [rows, columns] that leave the size of what goes through them about as it is."""
    return random.standard_normal((rows, columns), dtype=np.float32) / np.float32(np.sqrt(rows / 2))


def make_tensors() -> dict[str, np.ndarray]:
    """Return the weights of one hidden layer, as many as make the size."""
    hidden = SIZE // (4 * (64 + 1 + 10))
    return {
        "hidden_weights": weights(64, hidden),
        "hidden_bias": np.zeros(hidden, dtype=np.float32),
        "output_weights": weights(hidden, 10),
        "output_bias": np.zeros(10, dtype=np.float32),
    }


def make_graph() -> onnx.ModelProto:
    """Return a network of many layers."""
    shapes = [(64, WIDTH), *[(WIDTH, WIDTH)] * LAYERS, (WIDTH, 10)]
    initializers = [numpy_helper.from_array(np.array([-1, 64]), "flat")]
    nodes = [helper.make_node("Reshape", ["image", "flat"], ["x0"])]
    for number, shape in enumerate(shapes):
        initializers.append(numpy_helper.from_array(weights(*shape), f"w{number}"))
        nodes.append(helper.make_node("MatMul", [f"x{number}", f"w{number}"], [f"y{number}"]))
        nodes.append(helper.make_node("Relu", [f"y{number}"], [f"x{number + 1}"]))
    nodes.append(helper.make_node("Softmax", [f"x{len(shapes)}"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def pack(source: Path, target: Path) -> None:
    """Have ONNX Runtime save a model with the weights packed for this processor, as docs/models.md says."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(target)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    for name, value in {
        "optimized_model_external_initializers_file_name": "model.onnx.data",
        "optimized_model_external_initializers_min_size_in_bytes": "1024",
        "save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(f"session.{name}", value)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def finish(directory: Path) -> None:
    """Write the checksums, and let everybody read."""
    lines = []
    for path in sorted(directory.iterdir()):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
        path.chmod(0o644)
    (directory / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def main(root: Path) -> None:
    """Write all of them."""
    names = ("safetensors", "one-file", "external", "packed")
    directories = [root / name / "digits" / "1" for name in names]
    for directory in directories:
        directory.mkdir(parents=True)
    tensors, one_file, external, packed = directories
    save_file(make_tensors(), tensors / "model.safetensors")
    graph = make_graph()
    onnx.save(graph, one_file / "model.onnx")
    onnx.save(graph, external / "model.onnx", save_as_external_data=True, location="model.onnx.data")
    pack(external / "model.onnx", packed / "model.onnx")
    for directory in directories:
        finish(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
