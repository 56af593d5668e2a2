"""Live a service's life once, so that the byte code of all that it imports is written, into the image.

The image build runs this with PYTHONPYCACHEPREFIX set; see the Dockerfile. There is no model then, so a
stand-in refuses to answer, and everything else is real: the server, a connection, each kind of request.
"""

import socket
import threading
import time
from typing import Any

import uvicorn

import service.__main__  # noqa: F401
from service.errors import NotReadyError
from service.loader import ServedModel
from service.predictor import EXAMPLE
from service.server import Server
from service.settings import Settings

ADDRESS = ("127.0.0.1", 8000)


class NoModel:
    """Stands in for a model."""

    def predict(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to answer."""
        raise NotReadyError(f"there is no model to ask for {list(inputs)}")


def ask(request: str, body: str = "") -> None:
    """Send one request and read the answer, whatever it is."""
    head = f"{request} HTTP/1.1\r\nhost: service\r\nconnection: close\r\ncontent-type: application/json\r\n"
    with socket.socket() as connection:
        connection.connect(ADDRESS)
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        while connection.recv(65536):
            pass


def main() -> None:
    """Start, ask, stop."""
    host, port = ADDRESS
    ours = Server(Settings(host=host, port=port))
    ours.readiness.load_succeeded(ServedModel("none", "0", NoModel()))  # type: ignore[arg-type]
    server = uvicorn.Server(ours.config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    for page in ("/", "/health", "/docs", "/openapi.json", "/nowhere"):
        ask(f"GET {page}")
    ask("POST /predict", EXAMPLE.model_dump_json())
    ask("POST /predict", "{}")
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
