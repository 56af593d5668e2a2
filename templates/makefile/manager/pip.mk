PYTHON ?= python{{ cookiecutter.python_version }}
# pip can lock for nothing but the machine that it runs on. uv locks for all, and does nothing else here.
UV := .tools/uv-{{ cookiecutter._tools.uv }}/bin/uv

install: .venv/installed ## Install everything for development into .venv

run format lint types test stress image-report image-check: .venv/installed
{% if volume.is_local %}
add-model list-models verify-models use-model: .venv/installed
{% endif %}

.venv/installed: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --require-hashes --only-binary :all: --no-compile --requirement requirements-dev.txt
	.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	.venv/bin/pip check
	@touch .venv/installed

lock: $(UV) ## Make requirements.txt and requirements-dev.txt from pyproject.toml
	$(UV) pip compile --quiet $(COMPILE) --group dev --output-file requirements-dev.txt pyproject.toml
	$(UV) pip compile --quiet $(COMPILE) --constraints requirements-dev.txt --output-file requirements.txt pyproject.toml

upgrade: ## Lock the newest releases of today
	sed -i.bak "s/^exclude-newer = .*/exclude-newer = \"$$(date -u +%Y-%m-%dT00:00:00Z)\"/" pyproject.toml && rm pyproject.toml.bak
	$(MAKE) lock COMPILE=--upgrade

$(UV):
	$(PYTHON) -m venv .tools/uv-{{ cookiecutter._tools.uv }}
	.tools/uv-{{ cookiecutter._tools.uv }}/bin/pip install --quiet uv=={{ cookiecutter._tools.uv }}
