@prediction.post("/predict")
async def predict(request: PredictRequest, infer: InferenceDep) -> PredictResponse:
    """Run the model; the engine constrains its answer to the schema of the response."""
    schema = {"name": "response", "strict": True, "schema": PredictResponse.model_json_schema()}
    form = {"type": "json_schema", "json_schema": schema}
    generation = await infer({"messages": to_messages(request), "response_format": form, "temperature": 0})
    answer = await generation.whole()
    return to_response(answer["choices"][0]["message"]["content"])
