"""Docker's health check: exit with 0 if `/health/ready` answers 200 where the service listens."""

import os
import sys
from http.client import HTTPConnection, HTTPException

LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104

host, port = os.environ.get("HOST", ""), int(os.environ.get("PORT") or 8000)
host = LOOPBACK.get(host, host)
connection = HTTPConnection(host, port, timeout=2)
try:
    connection.request("GET", "/health/ready")
    response = connection.getresponse()
    sys.stdout.write(response.read().decode())
    sys.exit(response.status != 200)
except (OSError, HTTPException) as error:
    sys.exit(f"{host} port {port} does not answer: {error}")
