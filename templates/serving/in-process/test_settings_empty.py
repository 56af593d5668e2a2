        ("MODEL_NAME", "", None),
