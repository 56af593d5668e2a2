{% include "model_layout/" ~ cookiecutter.model_layout ~ "/test_model_repository.py" %}
