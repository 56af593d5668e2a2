@prediction.post("/predict")
async def predict(request: PredictRequest, infer: InferenceDep) -> PredictResponse:
    """Run the model."""
    predictor = infer.served.predictor
    # On the event loop: if yours takes more than a millisecond, run it with `run_in_threadpool`.
    outputs = await infer(predictor.to_inputs(request))
    return predictor.to_response(request, outputs)
