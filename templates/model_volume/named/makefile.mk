{% if cookiecutter.model_updates == "live" %}
## Add the sample model to the volume
{% set layout = cookiecutter._model_layouts[cookiecutter.model_layout] %}
{% set runtime = cookiecutter._model_runtimes[cookiecutter.model_runtime] %}
	docker compose run --build --rm models add {{ layout.sample_arguments | replace("NAME", runtime.sample) | replace("COMMIT", runtime.sample_commit) }}
{% else %}
## Copy the directory models to the volume
	chmod -R a+rX models
	docker compose build service
	docker compose up --no-start --no-deps models
	docker compose cp models/. models:/models
	docker compose rm --force models
{% endif %}
