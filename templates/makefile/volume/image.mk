# The model volume is an image, made of this directory.
DIRECTORY = models
MODELS = MODEL_REPOSITORY="$(DIRECTORY)" {{ run }}python -m service.models
SOURCE = $(FILE)
