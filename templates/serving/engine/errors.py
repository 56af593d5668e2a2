class EngineError(HTTPException):
    """The engine refuses a request, or fails."""
