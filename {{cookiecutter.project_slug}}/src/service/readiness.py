{% include "serving/" ~ cookiecutter.__serving ~ "/readiness.py" %}
