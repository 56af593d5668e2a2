"""ONNX models on tract: load a file, then turn named arrays into named arrays."""

from pathlib import Path
from typing import Any

import numpy.ctypeslib  # noqa: F401 - tract imports it with its first answer; here, it is early
import tract
from numpy.typing import NDArray

from service.errors import ModelError

FILE_NAME = "model.onnx"

Arrays = dict[str, NDArray[Any]]


class Model:
    """A loaded model; several threads may ask it at once."""

    def __init__(self, model: tract.Model) -> None:
        """Optimise a model for this processor."""
        # into_runnable() consumes the model and its names, so they are read first.
        self._input_names = [model.input_name(i) for i in range(model.input_count())]
        self._output_names = [model.output_name(i) for i in range(model.output_count())]
        self._runnable = model.into_runnable()

    def infer(self, inputs: Arrays) -> Arrays:
        """Return every output by name for inputs whose names, types and shapes the graph declares."""
        outputs = self._runnable.run([inputs[name] for name in self._input_names])
        return {name: output.to_numpy() for name, output in zip(self._output_names, outputs, strict=True)}


def load(directory: Path) -> Model:
    """Read the ONNX file of a directory and make it ready to run on the CPU.

    Raises `ModelError` when the file is not a model that tract can run.
    """
    path = directory / FILE_NAME
    try:
        return Model(tract.onnx().load(path).into_model())
    except tract.TractError as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"tract cannot run {path} ({reason}): export the model again") from error
