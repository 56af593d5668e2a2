.DEFAULT_GOAL := help
.PHONY: help demo test stress fast pythons lint format locks size bench bench-images image-megabytes bench-weights bench-chat bench-serving docs sample-models recording
SHELL := /bin/bash

# uv in the version of the table of facts; everything else comes through it, pinned in pyproject.toml.
UV_VERSION := $(shell sed -n 's/.*"uv": "\([0-9.]*\)".*/\1/p' cookiecutter.json)
UV := .tools/uv-$(UV_VERSION)/bin/uv
# uv finds only those of pyenv's Pythons that are on the PATH; generated projects need 3.12 or newer.
PYTHONS := $(wildcard $(shell pyenv root 2>/dev/null)/versions/3.1[2-9].*/bin)
EMPTY :=
export PATH := $(CURDIR)/$(dir $(UV)):$(subst $(EMPTY) ,,$(PYTHONS:=:))$(PATH)

# Builds in containers trust what this machine trusts, where that was set up by hand.
export CA_BUNDLE ?= $(SSL_CERT_FILE)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-17s%s\n", $$1, $$2}' Makefile

demo: .venv ## Render the default answers, run the service, ask it, stop it
	uv run tools/demo.py

test: .venv lint ## Run every test but those of `make stress`
	uv run pytest

stress: .venv ## Run what takes minutes and seldom changes: training, a swarm, a browser, and more of what `make test` runs
	uv run pytest -m stress

fast: .venv lint ## Run the tests that take seconds
	uv run pytest tests/unit tests/render

pythons: .venv ## Get the Pythons that projects may choose, and their images; tests leave out what is missing
	PYTHONPATH=hooks:tools uv run tools/pythons.py

lint: .venv ## Check style and format; the render tests do so for the generated project
	uv run ruff check *.py hooks tests tools
	uv run ruff format --check *.py hooks tests tools

format: .venv ## Format everything that is Python here
	uv run ruff check --fix *.py hooks tests tools
	uv run ruff format --config pyproject.toml .

locks: .venv ## Lock newer releases, and prove that all still works
	PYTHONPATH=hooks uv run tools/locks.py
	$(MAKE) test

size: .venv ## Print how large projects are: was, goal, now
	PYTHONPATH=hooks:tests uv run tools/size.py

bench: bench-images bench-serving bench-weights bench-chat ## Measure everything; it takes an hour on a machine that does nothing else

bench-images: .venv ## Measure sizes, starts and builds, for docs/measurements.md and docs/choosing.md
	PYTHONPATH=hooks uv run tools/bench_images.py

image-megabytes: .venv ## Write the image budgets of new projects from what bench-images measured
	PYTHONPATH=hooks uv run tools/image_megabytes.py

bench-weights: .venv ## Measure memory and load time of a model of 1 GB in one and in four containers
	PYTHONPATH=hooks uv run tools/bench_weights.py

bench-chat: .venv ## Measure what the service costs before a language model, for docs/language-models.md
	PYTHONPATH=hooks uv run tools/bench_chat.py

bench-serving: .venv ## Measure how fast a project serves, against the tutorial way, for docs/serving.md
	uv run tools/bench_serving.py

docs: .venv ## Write the pages that are made of the table of facts and the measurements
	PYTHONPATH=hooks:tools uv run python -m images.page
	PYTHONPATH=tools uv run python -m serving.page
	PYTHONPATH=hooks:tools:tests uv run python -m sample_page
	PYTHONPATH=hooks:tools uv run python -m backstage_form

sample-models: .venv ## Train the sample models again; the embeddings need npm
	uv run tools/train_samples.py

recording: .venv ## Record docs/demo.svg from a real run of the demo
	uv run tools/record_demo.py

.venv: pyproject.toml $(UV)
	uv sync --quiet
	@touch .venv

$(UV):
	python3 -m venv $(dir $(UV))..
	$(dir $(UV))pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
