    model_reload_seconds: Annotated[float, Field(ge=0, le=86400)] = 10
    """How often to check for a new version, in seconds; 0 turns it off."""
