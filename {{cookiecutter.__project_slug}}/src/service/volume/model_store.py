{% include "model_store/" ~ cookiecutter.model_layout ~ ".py" %}
