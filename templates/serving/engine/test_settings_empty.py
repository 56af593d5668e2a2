        ("ENGINE_API_KEY_FILE", "", None),
