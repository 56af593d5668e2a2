"""The way from the volume to a model that answers, and from a request to its answer."""
