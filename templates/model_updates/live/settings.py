    model_reload_seconds: Annotated[float, Field(ge=0, le=86400)] = 10
    """Seconds between two looks for another version on the model volume; 0 never looks."""
