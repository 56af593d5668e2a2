{% include "model_runtime/" ~ cookiecutter.model_runtime ~ ".py" %}
