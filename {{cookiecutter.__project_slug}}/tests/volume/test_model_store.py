{% include "test_model_store/" ~ cookiecutter.model_layout ~ ".py" %}
