## Build the image of the models from the directory models
	docker compose build models
