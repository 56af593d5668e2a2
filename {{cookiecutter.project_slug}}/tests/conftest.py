{% include "serving/" ~ cookiecutter.__serving ~ "/conftest.py" %}
