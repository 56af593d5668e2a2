{% include "model_repository/" ~ cookiecutter.model_layout ~ ".py" %}
