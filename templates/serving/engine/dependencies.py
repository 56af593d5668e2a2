@dataclass(frozen=True)
class Inference:
    """Sends one request to the engine."""

    request: Request
    engine: Engine
    deadline: float  # in the event loop's time

    async def __call__(self, payload: Payload) -> Generation:
        """Return a generation that has begun; raise what `Generation.begin` raises."""
        settings = self.engine.settings
        payload = {"model": settings.model_name, "max_tokens": settings.max_tokens} | payload
        generation = Generation(self.engine, payload, self.request, self.deadline)
        await generation.begin()
        return generation


async def get_inference(request: Request) -> Inference:
    return Inference(request, request.app.state.engine, read_deadline(request))


InferenceDep = Annotated[Inference, Depends(get_inference)]
