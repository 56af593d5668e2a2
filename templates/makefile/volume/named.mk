# The model volume is one of Docker's: a container that mounts it changes it. Without a container, the
# service runs on this directory.
DIRECTORY = models
IMPORT = $(if $(wildcard $(FILE)/.),$(abspath $(FILE)),$(dir $(abspath $(or $(FILE),Makefile))))
MODELS = MODEL_IMPORT="$(IMPORT)" docker compose run --rm models
SOURCE = $(if $(wildcard $(FILE)/.),.,$(notdir $(FILE)))
