{% set has_names = cookiecutter.model_layout != "flat" %}
{% set names = " [NAME=]" if has_names else "" %}
{% set name = " $(name)" if has_names else "" %}
{% set has_numbers = cookiecutter.model_layout != "huggingface" %}
{% set version = " [VERSION=]" if has_numbers else "" %}
# Only what the command line of make gives: the environment may have a VERSION of its own.
given = $(if $(filter command,$(origin $(1))),$($(1)))
need = $(if $(call given,$(1)),,$(error $(1)= is missing))
{% if has_names %}
name = $(if $(call given,NAME),--name "$$NAME")
{% endif %}
{% if cookiecutter.model_volume == "named" %}
MODELS = docker compose run --build --rm models
ADD = source="$$(realpath -- "$$FILE")"; \
	if [ -d "$$source" ]; then file=.; else file="$$(basename "$$source")"; source="$$(dirname "$$source")"; fi; \
	MODEL_IMPORT="$$source" $(MODELS) add "$$file"
{% else %}
MODELS = MODEL_REPOSITORY="$(DIRECTORY)" $(python) -m service.models
ADD = $(MODELS) add "$$FILE"
{% endif %}

.PHONY: add-model list-models verify-models use-model remove-model

add-model: ## Add a version of the model: FILE={{ names }}{{ version }}
	$(call need,FILE)
	$(ADD){{ name }}{{ ' $(if $(call given,VERSION),--version "$$VERSION")' if has_numbers }}

list-models: ## List the versions, and which of them is served
	$(MODELS) list

verify-models: ## Verify the files of all versions
	$(MODELS) verify

use-model: ## Serve this version: VERSION={{ names }}
	$(call need,VERSION)
	$(MODELS) use "$$VERSION"{{ name }}

remove-model: ## Remove this version: VERSION={{ names }}
	$(call need,VERSION)
	$(MODELS) remove "$$VERSION"{{ name }}
