"""What a team writes with FastAPI's own means holds on every route: dependencies and middleware."""

import json
from pathlib import Path

import pytest
from answers import Answers, most, nearest
from project import run

# What a team adds to `create_app`.
DEPENDENCY = """
    async def deny(request: Request) -> None:
        if "x-deny" in request.headers:
            raise HTTPException(418, "denied")

    app = FastAPI(
        dependencies=[Depends(deny)],
"""
MIDDLEWARE = """
    @app.middleware("http")
    async def tag(request, call_next):
        response = await call_next(request)
        response.headers["x-tag"] = "mine"
        return response

    return app
"""
# Sends each route a request with the header and one without; prints the route, both statuses, and both tags.
ASK = """
import json
from fastapi.testclient import TestClient
from service.app import create_app

app = create_app()
client = TestClient(app, raise_server_exceptions=False)
schema = client.get("/openapi.json").json()
routes = {(path, method) for path, methods in schema["paths"].items() for method in methods}
for path, method in sorted(routes | {("/metrics", "get")}):
    answers = [client.request(method, path, headers=headers) for headers in ({"x-deny": "1"}, {})]
    answers_in_short = [(answer.status_code, answer.headers.get("x-tag")) for answer in answers]
    print(json.dumps([f"{method} {path}", *answers_in_short]))
"""


@pytest.mark.parametrize("answers", [most("model2vec"), nearest("model_runtime", "llama-cpp")])
def test_dependencies_and_middleware_hold_on_every_route(project: Path, answers: Answers) -> None:
    file = project / "src" / "service" / "app.py"
    text = file.read_text(encoding="utf-8")
    assert text.count("\n    app = FastAPI(\n") == text.count("\n    return app\n") == 1
    text = text.replace("import Depends, FastAPI", "import Depends, FastAPI, HTTPException, Request")
    text = text.replace("\n    app = FastAPI(\n", DEPENDENCY).replace("\n    return app\n", MIDDLEWARE)
    file.write_text(text, encoding="utf-8")
    command = ["uv", "run", "--quiet", "python", "-c", ASK]
    printed = run(command, project, PYTHONPATH="src", VIRTUAL_ENV="")
    found = [json.loads(line) for line in printed.splitlines()]
    routes = {route for route, *_ in found}
    assert {"post /predict", "get /health/live", "get /metrics"} < routes
    assert any("/v1/" in route for route in routes)
    assert any("/v2/" in route for route in routes) == (answers["api"] == "open-inference")
    for route, denied, allowed in found:
        assert denied == [418, "mine"], route
        assert allowed[0] != 418, route
        assert allowed[1] == "mine", route
