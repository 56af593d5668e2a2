# The model volume is a directory of this machine.
DIRECTORY = $(or $(MODEL_VOLUME),$(call dotenv,MODEL_VOLUME),models)
MODELS = MODEL_REPOSITORY="$(DIRECTORY)" $(python) -m service.models
ADD = $(MODELS) add $(AS) "$$FILE"
