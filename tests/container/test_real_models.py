"""docs/real-models.md: models that nobody here made, served by projects as they are rendered."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import TEMPLATE
from container.conftest import IMAGES
from pages import follow, needs_programs, read
from project import free_port, run

pytestmark = needs_programs


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory where the page was followed, up to the requests that it writes."""
    directory = tmp_path_factory.mktemp("real-models")
    follow(read("real-models.md"), directory)
    return directory


@pytest.fixture
def answer(directory: Path, request: pytest.FixtureRequest) -> Iterator[dict]:
    """What a service answers that is rendered, given its model, started and asked as the page says."""
    slug, model = request.param
    block = re.search(rf"(?m)^    cookiecutter .*{slug}.*\n(?:    .*\n)+", read("real-models.md"))[0]
    commands = block.replace("gh:org/template", f"'{TEMPLATE}'").replace(slug, f"{IMAGES}{slug}")
    port = str(free_port())
    commands = commands.replace("localhost:8000", f"localhost:{port}")
    settings = {"PORT": port, "VIRTUAL_ENV": ""}
    try:
        run(["bash", "-ec", commands], directory, **settings)
        yield json.loads((directory / f"{model}-answer.json").read_text(encoding="utf-8"))
    finally:
        project = directory / f"{IMAGES}{slug}"
        run(["docker", "compose", "down", "--timeout", "1", "--rmi", "all"], project, **settings)


@pytest.mark.parametrize("answer", [("file-types", "magika")], indirect=True)
def test_magika_tells_python_from_sql(answer: dict) -> None:
    (output,) = answer["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("target_label", "FP32", [2, 214])
    first, second = output["data"][:214], output["data"][214:]
    assert (first.index(max(first)), second.index(max(second))) == (143, 165)


@pytest.mark.parametrize("answer", [("sentence-vectors", "tokenlearn")], indirect=True)
def test_sentences_about_cats_are_near_each_other(answer: dict) -> None:
    assert answer["dimension"] == 64
    first = answer["embeddings"][0]
    likeness = [sum(a * b for a, b in zip(first, other, strict=True)) for other in answer["embeddings"]]
    assert likeness == pytest.approx([1, 0.53, 0.606, -0.048], abs=0.002)
