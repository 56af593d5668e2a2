{% include "sample/" ~ cookiecutter._model_runtimes[cookiecutter.model_runtime].sample ~ "/test_predictor.py" %}
