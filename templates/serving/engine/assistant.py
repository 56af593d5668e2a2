"""What the language model is for: what a client sends, what the model gets, and what the client gets back.

Rewrite this file for your own use. `PredictRequest` and `PredictResponse` are the bodies of `/predict`. The
engine constrains the answer to the JSON schema of `PredictResponse`, so that it can be parsed.
"""

from pydantic import BaseModel, Field, ValidationError

from service.errors import EngineError

SYSTEM_PROMPT = "You know the capitals of countries. Answer with JSON."


class PredictRequest(BaseModel):
    """A country."""

    country: str = Field(min_length=1, max_length=100, examples=["France"])


class PredictResponse(BaseModel):
    """Its capital, as far as the model knows."""

    capital: str = Field(max_length=100, examples=["Paris"])
    sure: bool = Field(description="Whether the model has learned about this country", examples=[True])


EXAMPLE = PredictRequest(country="France")


def to_messages(request: PredictRequest) -> list[dict[str, str]]:
    """Return the conversation that the model continues."""
    question = f"What is the capital of {request.country}?"
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": question}]


def to_response(text: str) -> PredictResponse:
    """Read the model's answer; raise `EngineError` if it cannot be read."""
    try:
        return PredictResponse.model_validate_json(text)
    except ValidationError:
        # The engine cuts answers off after MAX_TOKENS.
        raise EngineError(502, "the model gave no complete answer: raise MAX_TOKENS") from None
