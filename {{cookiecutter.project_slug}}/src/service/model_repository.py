{% include "model_layout/" ~ cookiecutter.model_layout ~ "/model_repository.py" %}
