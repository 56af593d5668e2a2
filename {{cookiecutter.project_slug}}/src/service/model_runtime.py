{% include "model_runtime/" ~ cookiecutter.model_runtime ~ "/model_runtime.py" %}
