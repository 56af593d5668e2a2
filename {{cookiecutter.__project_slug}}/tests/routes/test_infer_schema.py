import json

import pytest
from conftest import PROJECT
from fastapi.testclient import TestClient

from service.routes.infer_schema import REQUEST

PATHS = {
    "/v2/models/{name}/infer": {"name"},
    "/v2/models/{name}/versions/{version}/infer": {"name", "version"},
}


@pytest.mark.parametrize("path", PATHS)
def test_the_documentation_says_how_to_ask_a_model(client: TestClient, path: str) -> None:
    operation = client.get("/openapi.json").json()["paths"][path]["post"]
    parameters = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
    assert parameters == PATHS[path]
    for content in (operation["requestBody"]["content"], operation["responses"]["200"]["content"]):
        assert content.keys() == {"application/json", "application/octet-stream"}
    error = operation["responses"]["400"]["content"]["application/json"]["schema"]
    assert error == {"$ref": "#/components/schemas/ProtocolError"}


def test_the_example_holds_what_the_documentation_names() -> None:
    example = json.loads((PROJECT / "examples" / "infer.json").read_text(encoding="utf-8"))
    assert set(REQUEST["required"]) <= example.keys() <= REQUEST["properties"].keys()
    tensor = REQUEST["properties"]["inputs"]["items"]
    for each in example["inputs"]:
        assert set(tensor["required"]) <= each.keys() <= tensor["properties"].keys()
        assert each["datatype"] in tensor["properties"]["datatype"]["enum"]
