    [("ENGINESLOTS", "ENGINE_SLOTS"), ("LOGLEVEL", "LOG_LEVEL"), ("PATH", None), ("port", None)],
