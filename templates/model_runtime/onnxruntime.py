"""ONNX models on ONNX Runtime: load a file, then turn named arrays into named arrays."""

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from service.errors import ModelError

# ONNX Runtime reports to Microsoft unless told before its import not to (Privacy.md in its repository).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

FILE_NAME = "model.onnx"

Arrays = dict[str, NDArray[Any]]


class Model:
    """A loaded model; several threads may ask it at once."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        """Wrap a session."""
        self._session = session
        self._output_names = [output.name for output in session.get_outputs()]

    def infer(self, inputs: Arrays) -> Arrays:
        """Return every output by name for inputs whose names, types and shapes the graph declares."""
        return dict(zip(self._output_names, self._session.run(self._output_names, inputs), strict=True))


def load(directory: Path) -> Model:
    """Read the ONNX file of a directory and make it ready to run on the CPU.

    Raises `ModelError` when the file is not a model that ONNX Runtime can run.
    """
    path = directory / FILE_NAME
    try:
        return Model(onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]))
    except Exception as error:  # ONNX Runtime's exceptions have no public base class
        reason = str(error).partition("\n")[0]
        raise ModelError(f"ONNX Runtime cannot run {path} ({reason}): export the model again") from error
