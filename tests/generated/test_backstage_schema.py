"""backstage/template.yaml is what Backstage takes for a template, by Backstage's own schema."""

import json
import os
import shutil
import tarfile

import pytest
import yaml
from backstage_form import FILE
from jsonschema_rs import Draft7Validator, Registry
from project import run

PACKAGES = ("@backstage/plugin-scaffolder-common@2.4.0", "@backstage/catalog-model@1.10.3")
# The packages hold their schemas as modules.
PRINT = """
const schemas = process.argv.slice(1).map((path) => require(path));
console.log(JSON.stringify(schemas.map((schema) => schema.default ?? schema)));
"""


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Return Backstage's schemas of a template and of any entity, each by its name."""
    if not shutil.which("npm"):
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail("REQUIRE_DOCKER=1, but npm is not installed")
        pytest.skip("Backstage's schema comes from npm")
    directory = tmp_path_factory.mktemp("backstage")
    for number, package in enumerate(PACKAGES):
        archive = run(["npm", "pack", "--silent", package], directory).split()[-1]
        with tarfile.open(directory / archive) as files:
            files.extractall(directory / str(number), filter="data")
    modules = sorted(
        str(path) for path in directory.rglob("*.schema.json.cjs.js") if "kinds" not in path.parts
    )
    found = json.loads(run(["node", "--eval", PRINT, *modules], directory))
    return {schema["$id"]: schema for schema in found}


@pytest.fixture(scope="module")
def validator(schemas: dict[str, dict]) -> Draft7Validator:
    others = [(f"json-schema:///{name}", schema) for name, schema in schemas.items()]
    return Draft7Validator(schemas["TemplateV1beta3"], registry=Registry(others))


def test_backstage_takes_the_template(validator: Draft7Validator) -> None:
    template = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(template)] == []


def test_backstage_does_not_take_everything(validator: Draft7Validator) -> None:
    template = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert not validator.is_valid(template | {"kind": "Component"})
    assert not validator.is_valid(template | {"metadata": {}})
    assert not validator.is_valid(template | {"spec": template["spec"] | {"steps": [{}]}})
