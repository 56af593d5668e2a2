"""ONNX models on ONNX Runtime: load a file, then turn named arrays into named arrays."""

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from service.errors import ModelError

# ONNX Runtime sends usage data to Microsoft on some platforms; it reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

Arrays = dict[str, NDArray[Any]]
FILE_NAME = "model.onnx"
HAS_OWN_THREADS = True  # one call computes in several threads, so the service makes one at a time
IS_MAPPED = False  # the file is read into memory


class Model:
    """A loaded model, safe to share between threads."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session = session
        self._output_names = [output.name for output in session.get_outputs()]

    def infer(self, inputs: Arrays) -> Arrays:
        """Return every output of the graph by its name."""
        return dict(zip(self._output_names, self.session.run(self._output_names, inputs), strict=True))


def load(file: Path, threads: int = 1) -> Model:
    """Read an ONNX file and prepare it for the CPU.

    Raises `ModelError` if ONNX Runtime cannot run it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # the service logs what it raises; without this it is written twice
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions have no base class of their own
        reason = str(error).partition("\n")[0]
        raise ModelError(f"ONNX Runtime cannot run {file} ({reason}): export the model again") from error
    for value in [*session.get_inputs(), *session.get_outputs()]:
        if not value.type.startswith("tensor("):
            problem = f"{value.name} of {file} is a {value.type}, not an array"
            raise ModelError(f"{problem}: export the model again, from scikit-learn with zipmap=False")
    return Model(session)
