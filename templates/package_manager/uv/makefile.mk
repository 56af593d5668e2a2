install: ## Install everything for development into .venv
	uv sync

lock: ## Make uv.lock from pyproject.toml
	uv lock

upgrade: ## Lock the newest releases that are a week old
	uv lock --upgrade
