{% set runtime = cookiecutter._model_runtimes[cookiecutter.model_runtime] %}
{% set libc = cookiecutter._base_images[cookiecutter.base_image].libc %}
# `make push` builds the image for these platforms; all else is in compose.yaml, which is read with this file.
target "service" {
  platforms = [
{% for architecture in runtime.wheels[libc] %}
    "{{ cookiecutter._architectures[architecture] }}",
{% endfor %}
  ]
}
