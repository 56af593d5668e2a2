"""The service: a model on a volume, asked over HTTP."""
