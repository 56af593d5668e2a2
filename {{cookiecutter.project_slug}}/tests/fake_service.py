{% include "serving/" ~ cookiecutter.__serving ~ "/fake_service.py" %}
