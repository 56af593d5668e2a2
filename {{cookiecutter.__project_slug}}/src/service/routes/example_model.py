{% include "example_model/" ~ cookiecutter.model_layout ~ ".py" %}
