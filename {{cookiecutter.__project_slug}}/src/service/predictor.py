{% include "predictor/" ~ cookiecutter._model_runtimes[cookiecutter.model_runtime].sample ~ ".py" %}
