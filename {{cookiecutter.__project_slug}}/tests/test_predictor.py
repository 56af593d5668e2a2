{% include "test_predictor/" ~ cookiecutter._model_runtimes[cookiecutter.model_runtime].sample ~ ".py" %}
