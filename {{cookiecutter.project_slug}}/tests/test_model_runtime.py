{% include "model_runtime/" ~ cookiecutter.model_runtime ~ "/test_model_runtime.py" %}
