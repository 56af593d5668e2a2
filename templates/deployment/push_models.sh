{% set architectures = cookiecutter._architectures.values() | join(",") %}
docker buildx build --push --platform {{ architectures }} --file model.Dockerfile \
    --tag registry.example.com/{{ cookiecutter.project_slug }}-models:1 models
