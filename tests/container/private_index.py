"""A package index (PEP 503) that asks for a password: serves the wheels in /wheels on port 8080."""

import base64
import os
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

EXPECTED = "Basic " + base64.b64encode(f"us:{os.environ['PASSWORD']}".encode()).decode()


class Index(BaseHTTPRequestHandler):
    """Answer a project's page with links to its wheels, and a wheel's name with the wheel."""

    def do_GET(self) -> None:
        """Answer one request."""
        if self.headers["authorization"] != EXPECTED:
            self.send_response(401)
            self.send_header("www-authenticate", "Basic")
            self.end_headers()
            return
        if self.path.endswith(".whl"):
            kind, body = "application/octet-stream", Path("/wheels", Path(self.path).name).read_bytes()
        else:
            project = Path(self.path).name.replace("-", "_")
            links = "".join(
                f'<a href="/{wheel.name}#sha256={sha256(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'
                for wheel in Path("/wheels").glob(f"{project}-*")
            )
            if not links:
                self.send_error(404)
                return
            kind, body = "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815


HTTPServer(("", 8080), Index).serve_forever()
