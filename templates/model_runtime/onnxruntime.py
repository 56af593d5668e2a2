"""ONNX models on ONNX Runtime: load a directory, then turn named arrays into named arrays."""

import os
from pathlib import Path

from service.errors import ModelError
from service.tensors import Arrays, Tensor

# ONNX Runtime reports to Microsoft unless told before its import not to (Privacy.md in its repository).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

FILE_NAME = "model.onnx"
# How the Open Inference Protocol names it: project and format.
PLATFORM = "onnxruntime_onnx"
# Whether one call computes in several threads, or several calls do at once.
HAS_OWN_THREADS = True
# Whether the file is mapped: then it need not fit into memory, and processes share it.
IS_MAPPED = False
# The protocol's names of ONNX Runtime's types; what is missing here cannot be a NumPy array.
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


class Model:
    """A loaded model; several threads may ask it at once."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        """Wrap a session."""
        self._session = session
        self.inputs = [describe(argument) for argument in session.get_inputs()]
        self.outputs = [describe(argument) for argument in session.get_outputs()]
        self._output_names = [output.name for output in self.outputs]

    def infer(self, inputs: Arrays) -> Arrays:
        """Return every output by name for inputs whose names, types and shapes the graph declares."""
        return dict(zip(self._output_names, self._session.run(self._output_names, inputs), strict=True))


def describe(argument: onnxruntime.NodeArg) -> Tensor:
    """Return name, type and shape of an input or output; a dimension with a name may have any size.

    Raises `TypeError` if it is not an array, as the maps are that some exporters make.
    """
    if argument.type not in DATATYPES:
        raise TypeError(f"{argument.name} is a {argument.type}, not an array")
    shape = [size if isinstance(size, int) else -1 for size in argument.shape]
    return Tensor(argument.name, DATATYPES[argument.type], shape)


def load(directory: Path, threads: int = 1) -> Model:
    """Read the ONNX file of a directory and make it ready to run on the CPU.

    Raises `ModelError` when the file is not a model that ONNX Runtime can run.
    """
    file = directory / FILE_NAME
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # What it raises is logged by us; it would write it to stderr as well, in a form of its own.
    options.log_severity_level = 4
    try:
        return Model(onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]))
    except Exception as error:  # ONNX Runtime's exceptions have no public base class
        reason = str(error).partition("\n")[0]
        raise ModelError(f"ONNX Runtime cannot run {file} ({reason}): export the model again") from error
