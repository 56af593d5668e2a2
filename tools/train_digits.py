# /// script
# requires-python = ">=3.12"
# dependencies = ["numpy==2.4.6", "onnx==1.23.2", "safetensors==0.8.0", "scikit-learn==1.9.1"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Train the sample of the runtimes `onnxruntime`, `tract` and `custom`: `make sample-models`.

A network with one hidden layer learns to read the 8x8 digits of scikit-learn (Alpaydin & Kaynak,
"Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998, CC BY 4.0).
One fifth of the images is held out and never seen in training; the accuracy on it is written into
the model's own metadata, so that the figure cannot part from the file.

The graph takes the pixels as they come, so that no caller has to know how the network was trained:

    image          float32 [N, 8, 8]   brightness of each pixel, 0 (paper) to 16 (ink)
    probabilities  float32 [N, 10]     one probability per digit, each row sums to 1

The same weights are also written as a safetensors file, for the runtime `custom`.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

SEED = 0
HIDDEN = 64
BRIGHTEST = 16.0
# Opset 17 and IR 8 are old enough for every runtime on offer and new enough for every operator here.
OPSET, IR_VERSION = 17, 8


def train() -> tuple[MLPClassifier, float, np.ndarray]:
    """Return the trained network, its accuracy on held-out images (0 to 1), and those images [M, 8, 8]."""
    digits = load_digits()
    train_images, test_images, train_labels, test_labels = train_test_split(
        digits.images, digits.target, test_size=0.2, random_state=SEED, stratify=digits.target
    )
    network = MLPClassifier((HIDDEN,), alpha=0.1, max_iter=1000, random_state=SEED)
    network.fit(flatten(train_images), train_labels)
    return network, float(network.score(flatten(test_images), test_labels)), test_images


def flatten(images: np.ndarray) -> np.ndarray:
    """Turn images [M, 8, 8] with values 0 to 16 into rows [M, 64] with values 0 to 1."""
    return images.reshape(len(images), -1) / BRIGHTEST


def read_weights(network: MLPClassifier) -> dict[str, np.ndarray]:
    """Return the trained weights, float32: of the hidden layer [64, 64] and [64], then [64, 10] and [10]."""
    weights = {
        "hidden_weights": network.coefs_[0],
        "hidden_bias": network.intercepts_[0],
        "output_weights": network.coefs_[1],
        "output_bias": network.intercepts_[1],
    }
    return {name: value.astype(np.float32) for name, value in weights.items()}


def export(weights: dict[str, np.ndarray], accuracy: float) -> onnx.ModelProto:
    """Write the trained weights down as an ONNX graph."""
    constants = {"brightest": np.array(BRIGHTEST, dtype=np.float32)} | weights
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["pixels"], axis=1),
            helper.make_node("Div", ["pixels", "brightest"], ["scaled"]),
            helper.make_node("Gemm", ["scaled", "hidden_weights", "hidden_bias"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["active"]),
            helper.make_node("Gemm", ["active", "output_weights", "output_bias"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ],
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {"held_out_accuracy": f"{accuracy:.4f}"})
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Train, report, and write the model and a request for it where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="where to write the ONNX file")
    parser.add_argument("--weights", type=Path, required=True, help="where to write the safetensors file")
    parser.add_argument("--request", type=Path, required=True, help="where to write an example request")
    arguments = parser.parse_args()
    network, accuracy, held_out = train()
    weights = read_weights(network)
    onnx.save(export(weights, accuracy), arguments.model)
    save_file(weights, arguments.weights, {"held_out_accuracy": f"{accuracy:.4f}"})
    arguments.weights.chmod(0o644)  # safetensors makes it its owner's alone
    pixels = held_out[0].astype(int).tolist()
    rows = ",\n    ".join(json.dumps(row) for row in pixels)
    arguments.request.write_text(f'{{\n  "image": [\n    {rows}\n  ]\n}}\n', encoding="utf-8")
    sys.stdout.write(f"accuracy on {len(held_out)} held-out images: {accuracy:.4f}\n")


if __name__ == "__main__":
    main()
