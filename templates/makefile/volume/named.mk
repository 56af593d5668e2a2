# The model volume is one of Docker's: a container that mounts it changes it. Without a container, the
# service runs on this directory.
DIRECTORY = models
MODELS = MODEL_IMPORT=. docker compose run --rm models
ADD = source="$$(realpath -- "$$FILE")"; \
	if [ -d "$$source" ]; then name=.; else name="$$(basename "$$source")"; source="$$(dirname "$$source")"; fi; \
	MODEL_IMPORT="$$source" docker compose run --rm models add $(AS) "$$name"
