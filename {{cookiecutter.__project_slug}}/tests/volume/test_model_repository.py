{% include "test_model_repository/" ~ cookiecutter.model_layout ~ ".py" %}
