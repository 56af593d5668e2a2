    model_file: PlainPath | None = None
    """Path of the model's file in its snapshot, such as `onnx/model.onnx`, if it is not at the top."""
