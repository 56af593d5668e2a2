"""A model2vec project answers the client of OpenAI."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from answers import nearest
from project import Project, run

KEY = "a-key-that-only-this-test-knows"
TEXTS = ["dog", "cat", "car"]

pytestmark = pytest.mark.parametrize("answers", [nearest("model_runtime", "model2vec")])


@pytest.fixture
def client(project: Path, tmp_path: Path) -> Iterator[openai.OpenAI]:
    """The client of a service that runs on the loopback interface and asks for a key."""
    key = tmp_path / "key"
    key.write_text(KEY, encoding="utf-8")
    run(["uv", "sync", "--quiet"], project, VIRTUAL_ENV="")
    served = Project(project)
    environment = {"PYTHONPATH": "src", "HOST": "127.0.0.1", "PORT": str(served.port)}
    environment |= {"MODEL_REPOSITORY": "models", "API_KEY_FILE": str(key)}
    command = [project / ".venv" / "bin" / "python", "-m", "service"]
    with subprocess.Popen(command, cwd=project, env=environment) as process:
        try:
            served.wait_ready()
            url = f"http://127.0.0.1:{served.port}/v1"
            with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
                yield client
        finally:
            process.terminate()


def test_embeddings_are_the_same_in_both_formats(client: openai.OpenAI) -> None:
    default = client.embeddings.create(model="any", input=TEXTS)  # which this client asks for in base64
    numbers = client.embeddings.create(model="any", input=TEXTS, encoding_format="float", dimensions=64)
    assert [each.embedding for each in default.data] == [each.embedding for each in numbers.data]
    dog, cat, car = (each.embedding for each in numbers.data)
    assert dot(dog, dog) == pytest.approx(1)
    assert dot(dog, car) < dot(dog, cat)
    assert (default.model, default.usage.total_tokens) == ("any", 3)
    (alone,) = client.embeddings.create(model="any", input="dog").data
    assert alone.embedding == dog
    many = client.embeddings.create(model="any", input=["a dog"] * 1000)
    assert [each.index for each in many.data] == list(range(1000))


def test_what_is_not_supported_raises_the_errors_of_the_client(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="token ids are not read") as caught:
        client.embeddings.create(model="any", input=[101, 102])
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError, match="dimensions must be 64"):
        client.embeddings.create(model="any", input="dog", dimensions=32)
    with pytest.raises(openai.APIStatusError, match="MAX_BODY_BYTES") as caught:
        client.embeddings.create(model="any", input="dog " * 1_000_000)
    assert caught.value.status_code == 413
    with pytest.raises(openai.AuthenticationError, match="API key is missing or wrong") as caught:
        client.with_options(api_key="another-key").embeddings.create(model="any", input="dog")
    assert caught.value.code == "invalid_api_key"


def dot(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))
