    engine_url: HttpUrl = HttpUrl("http://127.0.0.1:8080")
    """Where the engine answers: what comes before `/v1/chat/completions`."""
    engine_health_path: Annotated[str, Field(pattern=r"^/[\w./-]*$")] = "/health"
    """What the engine answers with 200 when it is ready; `/v1/models` for one that has no `/health`."""
    engine_api_key_file: Path | None = None
    """File with the key that the engine asks for, if it does."""
    engine_slots: Annotated[int, Field(ge=1, le=1024)] = 2
    """The most requests that the engine works on at once: its `--parallel`."""
    model_name: PlainPath = "{{ cookiecutter._model_runtimes[cookiecutter.model_runtime].sample }}"
    """What the engine calls its model, and clients call it too."""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    """The most tokens of an answer, whatever a request asks for."""
    max_queue_size: Annotated[int, Field(ge=0, le=1_000_000)] = 16
    """The most requests that wait for a slot; the next one gets 503."""
    first_token_seconds: Annotated[float, Field(ge=0.001, le=3600)] = 60
    """Seconds that a request waits for its first token at most; then it gets 504."""
    request_timeout_seconds: Annotated[float, Field(ge=0.001, le=3600)] = {{ cookiecutter._servings[cookiecutter.__serving].request_timeout_seconds }}
    """Seconds that a request takes at most, to its last token."""
