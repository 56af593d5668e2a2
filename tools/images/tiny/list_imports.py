"""Run the tiny application once and list what it imports, as the template's own `list_imports.py` does."""

import json
import sys
import threading
import time
import urllib.request
from pathlib import Path

import uvicorn
from service.main import app

BODY = json.dumps({"numbers": [1]}).encode()

server = uvicorn.Server(uvicorn.Config(app, port=0))
threading.Thread(target=server.run).start()
while not server.started:
    time.sleep(0.01)
port = server.servers[0].sockets[0].getsockname()[1]
for path, body in (("/health", None), ("/docs", None), ("/openapi.json", None), ("/predict", BODY)):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body, {"content-type": "application/json"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - our own
server.should_exit = True

listing, *trees = sys.argv[1:]
files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
sources = sorted(file for file in files if file.startswith(tuple(trees)) and file.endswith(".py"))
Path(listing).write_text("".join(f"{source}\n" for source in sources), encoding="utf-8")
