"""The service as a process, with an engine that takes MODEL_SECONDS: `python tests/fake_service.py`."""

import functools
import os
from unittest.mock import patch

import httpx2
from conftest import FakeEngine

from service import __main__

engine = FakeEngine()
engine.seconds = float(os.environ.get("MODEL_SECONDS", "0.01"))
client = functools.partial(httpx2.AsyncClient, transport=httpx2.MockTransport(engine))
with patch("service.engine.httpx2.AsyncClient", client):
    exit_code = __main__.main()
os._exit(exit_code)
