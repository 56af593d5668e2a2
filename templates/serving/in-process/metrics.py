REJECTED = Counter("inference_rejected_total", "Requests that the model did not answer.", ["reason"])
QUEUE_SECONDS = Histogram("inference_queue_seconds", "Time that requests waited.", buckets=SECONDS)
INFERENCE_SECONDS = Histogram("inference_duration_seconds", "Time of calls of the model.", buckets=SECONDS)
BATCH_ROWS = Histogram(
    "inference_batch_rows", "Rows in a call of the model.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
QUEUE_REQUESTS = Gauge("inference_queue_requests", "Requests that wait for the model.")
MODEL = Gauge("model_info", "1 for the model that is served.", ["name", "version"])
MODEL_LOAD_SECONDS = Gauge("model_load_seconds", "Time that the model took to load.")
