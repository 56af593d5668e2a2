"""The baselines of `make bench-serving`: a model served as tutorials have it.

Runs in the environment of a rendered project, so with the same packages, on the file MODEL_FILE.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as the service does

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # there is one core; more threads would make it slower
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options)
app = FastAPI()


class Inputs(BaseModel):
    """One row."""

    inputs: list[float]


@app.post("/predict")
async def predict(request: Inputs) -> dict[str, list[list[float]]]:
    """Ask the model on the event loop."""
    return {"outputs": ask(request.inputs)}


@app.post("/predict-in-thread")
def predict_in_thread(request: Inputs) -> dict[str, list[list[float]]]:
    """Ask the model in the thread pool, where FastAPI runs what is not async."""
    return {"outputs": ask(request.inputs)}


@app.get("/health/live")
async def live() -> dict[str, bool]:
    """Answer at once, if the event loop lets it."""
    return {"live": True}


def ask(row: list[float]) -> list[list[float]]:
    """Return the model's only output."""
    return session.run(None, {"x": np.array([row], np.float32)})[0].tolist()
