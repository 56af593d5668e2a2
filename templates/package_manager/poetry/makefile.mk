install: .venv/installed ## Install everything for development into .venv

run format lint types test image-report push: .venv/installed

.venv/installed: poetry.lock poetry.toml
	poetry sync
	@touch .venv/installed

lock: ## Make poetry.lock from pyproject.toml
	poetry lock

upgrade: ## Lock the newest releases of today
	poetry update --lock
