install: ## Install everything for development into .venv
	uv sync

lock: ## Make uv.lock from pyproject.toml
	uv lock

upgrade: ## Lock the newest releases of today
	sed -i.bak "s/^exclude-newer = .*/exclude-newer = \"$$(date -u +%Y-%m-%dT00:00:00Z)\"/" pyproject.toml && rm pyproject.toml.bak
	uv lock --upgrade
