"""Run the service once and list what it imports, so that byte code of that is in the image, and of no more.

There is no model then, so a stand-in refuses to answer, and everything else is real: the server, a
connection, each kind of request.
"""

import os
import socket
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, ClassVar

import uvicorn

import service.__main__  # noqa: F401
from service.errors import NotReadyError
from service.predictor import EXAMPLE
from service.server import Server
from service.serving.executor import Executor, Limits
from service.serving.served_model import ServedModel
from service.settings import Settings
from service.telemetry.metrics import Metrics
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


def imported(trees: list[str]) -> list[str]:
    """Return the sources below these directories that were imported, in order."""
    loaded = (getattr(module, "__spec__", None) for module in list(sys.modules.values()))
    sources = {spec.origin for spec in loaded if spec and isinstance(spec.loader, SourceFileLoader)}
    return sorted(source for source in sources if source and source.startswith(tuple(trees)))


def main() -> None:
    """Start, ask, stop; write to the file named first what was imported from the directories named next."""
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
    listing, *trees = sys.argv[1:]
    Path(listing).write_text("".join(f"{source}\n" for source in imported(trees)), encoding="utf-8")
    os._exit(
        0
    )  # each change of code waits for this, and taking an interpreter down takes a tenth of a second


if __name__ == "__main__":
    main()
