install: .venv/installed ## Install everything for development into .venv

run format lint types test stress image-report image-check: .venv/installed
{% if volume.is_local %}
add-model list-models verify-models use-model: .venv/installed
{% endif %}

.venv/installed: pyproject.toml poetry.lock poetry.toml
	poetry sync
	@touch .venv/installed

lock: ## Make poetry.lock from pyproject.toml
	poetry lock

upgrade: ## Lock the newest releases of today
	poetry update --lock
