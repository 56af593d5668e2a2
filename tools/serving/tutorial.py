"""The baseline of `make bench-serving`: a model served as tutorials do it.

It runs in the environment of a rendered project, so with the same packages, on the file MODEL_FILE.
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


class Image(BaseModel):
    """An image of a handwritten digit."""

    image: list[list[float]]


class Digit(BaseModel):
    """The digit that the model recognizes."""

    digit: int
    confidence: float


class Vector(BaseModel):
    """One row of numbers."""

    inputs: list[float]


class Answer(BaseModel):
    """One row of numbers."""

    outputs: list[float]


@app.post("/predict/digits")
async def predict_digit(request: Image) -> Digit:
    """Ask the sample model on the event loop."""
    probabilities = session.run(["probabilities"], {"image": np.array([request.image], np.float32)})[0][0]
    digit = int(probabilities.argmax())
    return Digit(digit=digit, confidence=round(float(probabilities[digit]), 4))


@app.post("/predict/network")
async def predict_network(request: Vector) -> Answer:
    """Ask the network on the event loop."""
    return Answer(outputs=session.run(None, {"x": np.array([request.inputs], np.float32)})[0][0].tolist())


@app.get("/health/live")
async def live() -> dict[str, bool]:
    """Answer at once, if the event loop lets it."""
    return {"live": True}
