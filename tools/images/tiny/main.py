"""The tiny application that every image of the lesson serves, the template's too."""

from fastapi import FastAPI
from pydantic import BaseModel, Field


class Numbers(BaseModel):
    """What is asked for."""

    numbers: list[float] = Field(min_length=1)


class Mean(BaseModel):
    """What is answered."""

    mean: float


app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the service is there."""
    return {"status": "ok"}


@app.post("/predict")
def predict(request: Numbers) -> Mean:
    """Stand in for a model."""
    return Mean(mean=sum(request.numbers) / len(request.numbers))
