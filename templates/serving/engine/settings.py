    engine_url: HttpUrl = HttpUrl("http://127.0.0.1:8080")
    """Where the engine answers: what comes before `/v1/chat/completions`."""
    engine_health_path: Annotated[str, Field(pattern=r"^/[\w./-]*$")] = "/health"
    """The path that returns 200 when the engine is ready; `/v1/models` for one that has no `/health`."""
    engine_start_seconds: Annotated[float, Field(ge=0, le=3600)] = 20
    """Seconds in which the engine must answer something, if only "not ready"; else the service exits."""
    engine_api_key_file: Path | None = None
    """File with the key of the engine, if it needs one."""
    engine_slots: Annotated[int, Field(ge=1, le=1024)] = 2
    """Maximum number of requests that the engine works on at once: its `--parallel`."""
    model_name: PlainPath = "{{ cookiecutter._model_runtimes[cookiecutter.model_runtime].sample }}"
    """The name of the model, for the engine and for clients."""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    """Maximum tokens of an answer, even if a request asks for more."""
    max_queue_size: Annotated[int, Field(ge=0, le=1_000_000)] = 16
    """Maximum number of requests that wait for a slot; the next one gets 503."""
    first_token_seconds: Annotated[float, Field(ge=0.001, le=3600)] = 60
    """Maximum seconds that a request waits for its first token; then it gets 504."""
    request_timeout_seconds: Annotated[float, Field(ge=0.001, le=3600)] = {{ cookiecutter._servings[cookiecutter.__serving].request_timeout_seconds }}
    """Maximum seconds of a request, to its last token."""
