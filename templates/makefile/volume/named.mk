# The model volume is one of Docker's: a container that mounts it changes it. Without a container, the
# service runs on this directory.
DIRECTORY = models
MODELS = MODEL_IMPORT="$(dir $(or $(abspath $(FILE)),$(CURDIR)/))" docker compose run --rm models
SOURCE = $(notdir $(abspath $(FILE)))
