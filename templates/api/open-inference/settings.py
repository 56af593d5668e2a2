    serve_predict: bool = True
    """Whether to serve `/predict`. Without it, `/v2` serves any model, even one unknown to predictor.py."""
