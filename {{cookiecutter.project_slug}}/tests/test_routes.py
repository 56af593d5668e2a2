{% include "serving/" ~ cookiecutter.__serving ~ "/test_routes.py" %}
