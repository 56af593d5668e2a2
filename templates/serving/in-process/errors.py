class InferenceError(HTTPException):
    def __init__(self, reason: str) -> None:
        super().__init__(500, f"the model failed: {reason}")


class ModelError(Exception):
    """The model on the volume cannot be served; the sentence names the path and the remedy."""
