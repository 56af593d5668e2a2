"""Import all that a running service imports, so that its byte code is written once, into the image.

The image build runs this with PYTHONPYCACHEPREFIX set; see the Dockerfile.
"""

import service.__main__  # noqa: F401
from service.app import create_app
from service.readiness import Readiness
from service.server import Server
from service.settings import Settings


def main() -> None:
    """Do everything that makes a library import its other half, short of listening."""
    settings = Settings()
    Server(settings).config.load()
    create_app(settings, Readiness()).openapi()


if __name__ == "__main__":
    main()
