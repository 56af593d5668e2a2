"""ONNX models on tract: load a directory, then turn named arrays into named arrays."""

from pathlib import Path

import numpy.ctypeslib  # noqa: F401 - tract imports it with its first answer; here, it is early
import tract
from tract.tensor import DatumType

from service.errors import ModelError
from service.tensors import Arrays, Tensor

FILE_NAME = "model.onnx"
# How the Open Inference Protocol names it: project and format.
PLATFORM = "tract_onnx"
# Whether one call computes in several threads, or several calls do at once.
HAS_OWN_THREADS = False
# Whether the file is mapped: then it need not fit into memory, and processes share it.
IS_MAPPED = False
# The protocol's names of tract's types; what is missing here cannot be a NumPy array.
DATATYPES = {
    DatumType.BOOL: "BOOL",
    DatumType.U8: "UINT8",
    DatumType.U16: "UINT16",
    DatumType.U32: "UINT32",
    DatumType.U64: "UINT64",
    DatumType.I8: "INT8",
    DatumType.I16: "INT16",
    DatumType.I32: "INT32",
    DatumType.I64: "INT64",
    DatumType.F16: "FP16",
    DatumType.F32: "FP32",
    DatumType.F64: "FP64",
}


class Model:
    """A loaded model; several threads may ask it at once."""

    def __init__(self, model: tract.Model) -> None:
        """Optimise a model for this processor."""
        # into_runnable() consumes the model and its names, so they are read first.
        self.inputs = [describe(model.input_name(i), model.input_fact(i)) for i in range(model.input_count())]
        self.outputs = [
            describe(model.output_name(i), model.output_fact(i)) for i in range(model.output_count())
        ]
        self._runnable = model.into_runnable()

    def infer(self, inputs: Arrays) -> Arrays:
        """Return every output by name for inputs whose names, types and shapes the graph declares."""
        outputs = self._runnable.run([inputs[tensor.name] for tensor in self.inputs])
        return {tensor.name: out.to_numpy() for tensor, out in zip(self.outputs, outputs, strict=True)}


def describe(name: str, fact: tract.Fact) -> Tensor:
    """Return name, type and shape of an input or output; a dimension with a name may have any size.

    Raises `tract.TractError` if its type is not one that an array can have.
    """
    datatype = DATATYPES.get(fact.datum_type())
    if datatype is None:
        raise tract.TractError(f"{name} is of a type that an array cannot have: {fact}")
    return Tensor(name, datatype, [int(size) if str(size).isdecimal() else -1 for size in fact.dims()])


def load(directory: Path, threads: int = 1) -> Model:
    """Read the ONNX file of a directory and make it ready to run on the CPU.

    Each call computes in the thread that makes it, so `threads` changes nothing.

    Raises `ModelError` when the file is not a model that tract can run.
    """
    file = directory / FILE_NAME
    try:
        return Model(tract.onnx().load(file).into_model())
    except tract.TractError as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"tract cannot run {file} ({reason}): export the model again") from error
