PYTHON ?= python{{ cookiecutter.python_version }}
# pip locks for one platform. uv locks for all of them; it is used for nothing else.
UV := .tools/uv-{{ cookiecutter._tools.uv }}/bin/uv

install: .venv/installed ## Install everything for development into .venv

run format lint types test image-report push: .venv/installed

.venv/installed: requirements-dev.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement requirements-dev.txt
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
