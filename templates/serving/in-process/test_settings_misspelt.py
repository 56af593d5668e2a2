    [("MAX_BATCHSIZE", "MAX_BATCH_SIZE"), ("LOGLEVEL", "LOG_LEVEL"), ("PATH", None), ("port", None)],
