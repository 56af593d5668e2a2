"""A model2vec project answers the client of OpenAI."""

from collections.abc import Iterator

import openai
import pytest
from answers import nearest
from generated.conftest import render_or_skip, serving

KEY = "a-key-that-only-this-test-knows"
TEXTS = ["dog", "cat", "car"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """The client of a service that runs on the loopback interface and asks for a key."""
    directory = tmp_path_factory.mktemp("embeddings")
    project, key = render_or_skip(nearest("model_runtime", "model2vec"), directory), directory / "key"
    key.write_text(KEY, encoding="utf-8")
    with serving(project, API_KEY_FILE=str(key)) as served:
        url = f"http://127.0.0.1:{served.port}/v1"
        with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
            yield client


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
