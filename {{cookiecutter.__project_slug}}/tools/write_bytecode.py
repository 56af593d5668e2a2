"""Run the service once, so that the byte code of everything that it imports ends up in the image.

The image build runs this with PYTHONPYCACHEPREFIX set; see the Dockerfile. There is no model then, so a
stand-in refuses to answer, and everything else is real: the server, a connection, each kind of request.
"""

import importlib.util
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import uvicorn

import service.__main__  # noqa: F401
from service.errors import NotReadyError
from service.executor import Executor, Limits
from service.metrics import Metrics
from service.predictor import EXAMPLE
from service.server import Server
from service.serving import ServedModel
from service.settings import Settings
from service.tensors import Tensor

TENSOR = '{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}]}'


class NoModel:
    """Stands in for a model."""

    inputs: ClassVar = [Tensor("x", "FP32", [-1])]
    outputs = inputs

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to answer."""
        raise NotReadyError(f"there is no model to ask for {list(inputs)}")


def serve(model: Any) -> ServedModel:
    """Return the stand-in as the loader would."""
    limits = Limits(threads=1, batch_rows=64, batch_delay=0, queue_rows=64)
    return ServedModel("none", "0", Path(), model, (), Executor(model, limits, Metrics()))


def ask(address: tuple[str, int], request: str, body: str = "") -> None:
    """Send one request and read the answer, whatever it is."""
    head = f"{request} HTTP/1.1\r\nhost: service\r\nconnection: close\r\ncontent-type: application/json\r\n"
    with socket.socket() as connection:
        connection.connect(address)
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        while connection.recv(65536):
            pass


def rely_on_content(cached: Path) -> None:
    """Make byte code hold for what its source says, not for when that was written (PEP 552, checked).

    A builder that copies files takes those of equal content for equal, so their times may differ.
    """
    code = cached.read_bytes()
    source = Path(importlib.util.source_from_cache(str(cached)))
    digest = importlib.util.source_hash(source.read_bytes())
    cached.write_bytes(code[:4] + (0b11).to_bytes(4, "little") + digest + code[16:])


def main() -> None:
    """Start, ask, stop."""
    configured = Server(Settings(host="127.0.0.1"))
    configured.readiness.load_succeeded(serve(NoModel()))
    configured.config.port = 0  # any that is free
    # Not our own server: it would leave at once, because there is no model.
    server = uvicorn.Server(configured.config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            sys.exit("the server did not start; the reason is above")
        time.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    for page in ("/", "/health", "/metrics", "/docs", "/openapi.json", "/nowhere"):
        ask(address, f"GET {page}")
    ask(address, "POST /predict", EXAMPLE.model_dump_json())
    ask(address, "POST /predict", "{}")
    ask(address, "GET /v2/models/none")
    ask(address, "POST /v2/models/none/infer", TENSOR)
    server.should_exit = True
    thread.join()
    for cached in Path(str(sys.pycache_prefix)).rglob("*.pyc"):
        rely_on_content(cached)


if __name__ == "__main__":
    main()
