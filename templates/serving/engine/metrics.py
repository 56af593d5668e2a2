REJECTED = Counter("inference_rejected_total", "Requests without a whole answer.", ["reason"])
FIRST_TOKEN_SECONDS = Histogram(
    "inference_first_token_seconds", "From a request to its first token.", buckets=SECONDS
)
TOKENS_PER_SECOND = Histogram(
    "inference_tokens_per_second",
    "Tokens of an answer in a second, after the first one.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
TOKENS = Counter("inference_tokens_total", "Tokens, as the engine counts them: in and out.", ["kind"])
RUNNING_REQUESTS = Gauge("inference_running_requests", "Requests that have a slot of the engine.")
QUEUE_REQUESTS = Gauge("inference_queue_requests", "Requests that wait for a slot.")
