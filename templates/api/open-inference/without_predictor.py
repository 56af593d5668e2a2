    if not settings.serve_predict:
        return prepare_without_predictor(model, found)
