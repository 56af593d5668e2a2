{% include "serving/" ~ cookiecutter.__serving ~ "/test_process.py" %}
