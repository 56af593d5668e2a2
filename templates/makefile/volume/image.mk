# The model volume is an image, made of this directory.
DIRECTORY = models
MODELS = MODEL_REPOSITORY="$(DIRECTORY)" $(if $(wildcard .env),{{ manager.run_with_env }},{{ run }})python -m service.models
ADD = $(MODELS) add $(AS) "$$FILE"
