# The model volume is an image, made of this directory.
DIRECTORY = models
MODELS = MODEL_REPOSITORY="$(DIRECTORY)" $(python) -m service.models
ADD = $(MODELS) add $(AS) "$$FILE"
