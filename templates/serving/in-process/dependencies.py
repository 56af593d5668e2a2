@dataclass(frozen=True)
class Inference:
    """Runs the model for one request."""

    request: Request
    served: ServedModel
    deadline: float  # in the event loop's time

    async def __call__(self, inputs: Arrays) -> Arrays:
        """Return the model's outputs; raise what `Batcher.infer` raises."""
        return await self.served.batcher.infer(inputs, self.deadline, self.request.is_disconnected)


async def get_inference(request: Request) -> Inference:
    """Return what runs the model; answer 503 if there is no model."""
    return Inference(request, (await get_readiness(request)).require_model(), read_deadline(request))


InferenceDep = Annotated[Inference, Depends(get_inference)]
