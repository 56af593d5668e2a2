install: .venv/installed ## Install everything for development into .venv

run dev{{ " engine" if has_engine }} format lint types test image-report: .venv/installed
{% if cookiecutter.model_updates == "live" and cookiecutter.model_volume != "named" %}
add-model list-models verify-models use-model remove-model: .venv/installed
{% endif %}

.venv/installed: poetry.lock poetry.toml
	poetry sync
	@touch .venv/installed

lock: ## Make poetry.lock from pyproject.toml
	poetry lock

upgrade: ## Lock the newest releases that are a week old
	poetry update --lock
