"""The metadata of a model in the Open Inference Protocol: platform, inputs and outputs."""

import onnxruntime

from service.errors import ModelError
from service.model_runtime import Model
from service.tensors import Tensor

PLATFORM = "onnxruntime_onnx"
DATATYPES = {
    "tensor(bool)": "BOOL",
    "tensor(uint8)": "UINT8",
    "tensor(uint16)": "UINT16",
    "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64",
    "tensor(int8)": "INT8",
    "tensor(int16)": "INT16",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(float16)": "FP16",
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(string)": "BYTES",
}


def describe(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and the outputs of a model."""
    inputs, outputs = model.session.get_inputs(), model.session.get_outputs()
    return [to_tensor(each) for each in inputs], [to_tensor(each) for each in outputs]


def to_tensor(argument: onnxruntime.NodeArg) -> Tensor:
    """Return one input or output; a dimension that has a name instead of a number may have any size."""
    if argument.type not in DATATYPES:
        raise ModelError(
            f"{argument.name} is a {argument.type}, which NumPy does not have: export the model again"
        )
    shape = [size if isinstance(size, int) else -1 for size in argument.shape]
    return Tensor(argument.name, DATATYPES[argument.type], shape)
