    model_repository: Path = Path("/models")
    """Directory where the model volume is mounted."""
    model_name: PlainPath | None = None
    """Which model to serve, if the volume holds several."""
    model_version: PlainPath = "latest"
    """The version to serve, or `latest`."""
    require_checksums: bool = False
    """Refuse a model that has no SHA256SUMS file."""
    inference_threads: Annotated[int, Field(ge=1, le=1024)] = Field(default_factory=count_cpus)
    """Threads that compute; by default, one for each CPU of the container."""
    max_batch_size: Annotated[int, Field(ge=1, le=65536)] = 64
    """Maximum rows in one call of the model."""
    max_batch_bytes: Annotated[int, Field(ge=1)] = 1_000_000
    """Maximum bytes of inputs in one call of the model."""
    max_queue_size: Annotated[int, Field(ge=1, le=1_000_000)] = 256
    """Maximum number of requests that wait for the model; the next one gets 503."""
    request_timeout_seconds: Annotated[float, Field(ge=0.001, le=3600)] = {{ cookiecutter._servings[cookiecutter.__serving].request_timeout_seconds }}
    """Maximum seconds that a request waits for the model; then it gets 504."""
