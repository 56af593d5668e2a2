PYTHON ?= python{{ cookiecutter.python_version }}
# pip locks for one platform. uv locks for all of them; it is used for nothing else.
UV := .tools/uv-{{ cookiecutter._tools.uv }}/bin/uv

install: .venv/installed ## Install everything for development into .venv

run dev{{ " engine" if has_engine }} format lint types test image-report: .venv/installed
{% if cookiecutter.model_updates == "live" and cookiecutter.model_volume != "named" %}
add-model list-models verify-models use-model remove-model: .venv/installed
{% endif %}

.venv/installed: requirements-dev.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement requirements-dev.txt
	@touch .venv/installed

lock: $(UV) ## Make requirements.txt and requirements-dev.txt from pyproject.toml
# Renovate repeats the commands with which both files begin, and reads options with an equals sign alone.
	$(UV) pip compile --quiet $(COMPILE) --group=dev --output-file=requirements-dev.txt pyproject.toml
	$(UV) pip compile --quiet $(COMPILE) --constraints=requirements-dev.txt --output-file=requirements.txt pyproject.toml

upgrade: ## Lock the newest releases that are a week old
	$(MAKE) lock COMPILE=--upgrade

$(UV):
	$(PYTHON) -m venv .tools/uv-{{ cookiecutter._tools.uv }}
	.tools/uv-{{ cookiecutter._tools.uv }}/bin/pip install --quiet uv=={{ cookiecutter._tools.uv }}
