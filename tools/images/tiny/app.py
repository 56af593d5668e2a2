"""The tiny application where a project's Dockerfile looks for it."""

from fastapi import FastAPI
from service.main import app


def create_app() -> FastAPI:
    """Return the application."""
    return app
