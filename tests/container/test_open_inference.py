"""The Open Inference Protocol as Triton's own client speaks it, in JSON and in binary."""

import json
import re
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from answers import DEFAULTS
from container.conftest import ALL_CAPABILITIES, Build
from project import Project, run
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException

TEXTS = ["a small dog", "", "é" * 100]


@pytest.fixture(scope="module")
def digits(build: Build) -> Iterator[Project]:
    """A service that takes and gives numbers."""
    with build(ALL_CAPABILITIES).running() as project:
        yield project


@pytest.fixture(scope="module")
def embeddings(build: Build) -> Iterator[Project]:
    """A service that takes texts and gives numbers."""
    with build(DEFAULTS | {"api": "open-inference", "model_runtime": "model2vec"}).running() as project:
        yield project


@pytest.fixture
def client(digits: Project) -> Iterator[InferenceServerClient]:
    with InferenceServerClient(f"127.0.0.1:{digits.port}") as client:
        yield client


@pytest.fixture
def image(digits: Project) -> np.ndarray:
    return np.array([json.loads(digits.example())["image"]] * 2, dtype=np.float32)


def make_input(name: str, array: np.ndarray, datatype: str, binary: bool = True) -> InferInput:
    tensor = InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def is_binary(result: InferResult, name: str) -> bool:
    return "binary_data_size" in result.get_output(name).get("parameters", {})


def test_the_server_and_its_model_say_what_they_are(client: InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    for version in ("", "1"):
        assert client.is_model_ready("digits", version)
        metadata = client.get_model_metadata("digits", version)
        assert (metadata["versions"], metadata["platform"]) == (["1"], "onnxruntime_onnx")
        assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 8, 8]}]
    assert not client.is_model_ready("digits", "2")
    assert not client.is_model_ready("another")


@pytest.mark.parametrize("version", ["", "1"])
@pytest.mark.parametrize("binary_output", [True, False])
@pytest.mark.parametrize("binary_input", [True, False])
def test_numbers_go_in_and_come_out_in_either_form(
    client: InferenceServerClient, image: np.ndarray, binary_input: bool, binary_output: bool, version: str
) -> None:
    result = client.infer(
        "digits",
        [make_input("image", image, "FP32", binary_input)],
        model_version=version,
        request_id="seven",
        outputs=[InferRequestedOutput("probabilities", binary_data=binary_output)],
    )
    assert is_binary(result, "probabilities") == binary_output
    assert result.get_response()["id"] == "seven"
    probabilities = result.as_numpy("probabilities")
    assert probabilities.dtype == np.float32
    assert probabilities.argmax(axis=1).tolist() == [7, 7]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_without_a_choice_all_outputs_come_in_binary(
    client: InferenceServerClient, image: np.ndarray
) -> None:
    result = client.infer("digits", [make_input("image", image, "FP32")], parameters={"mine": 1})
    assert is_binary(result, "probabilities")
    assert result.as_numpy("probabilities").shape == (2, 10)


def test_both_forms_hold_the_same_numbers(client: InferenceServerClient, image: np.ndarray) -> None:
    results = [
        client.infer(
            "digits",
            [make_input("image", image, "FP32", binary)],
            outputs=[InferRequestedOutput("probabilities", binary_data=binary)],
        ).as_numpy("probabilities")
        for binary in (True, False)
    ]
    np.testing.assert_array_equal(*results)


def test_what_is_wrong_reaches_the_caller_as_a_sentence(
    client: InferenceServerClient, image: np.ndarray
) -> None:
    wrong = {
        "input 'image': its shape must be [-1, 8, 8], where -1 is any size, not [2, 64]": make_input(
            "image", image.reshape(2, 64), "FP32"
        ),
        "input 'image': its datatype must be FP32, not 'FP64'": make_input(
            "image", image.astype(float), "FP64"
        ),
        "input 'picture' is unknown: the model has 'image'": make_input("picture", image, "FP32"),
        "the inputs have no rows: send at least one": make_input("image", image[:0], "FP32"),
    }
    for sentence, tensor in wrong.items():
        with pytest.raises(InferenceServerException) as caught:
            client.infer("digits", [tensor])
        assert (caught.value.status(), caught.value.message()) == ("400", sentence)
    right = [make_input("image", image, "FP32")]
    with pytest.raises(InferenceServerException, match="output 'x' is unknown: the model has"):
        client.infer("digits", right, outputs=[InferRequestedOutput("x")])
    with pytest.raises(InferenceServerException, match="digits/versions/2: digits/versions/1 is served"):
        client.infer("digits", right, model_version="2")
    with pytest.raises(InferenceServerException, match="content-encoding"):
        client.infer("digits", right, request_compression_algorithm="gzip")


@pytest.mark.parametrize("binary", [True, False])
def test_texts_go_in_and_vectors_come_out_in_either_form(embeddings: Project, binary: bool) -> None:
    tensor = make_input("text", np.array(TEXTS, dtype=object), "BYTES", binary)
    wanted = InferRequestedOutput("embedding", binary_data=binary)
    with InferenceServerClient(f"127.0.0.1:{embeddings.port}") as client:
        assert client.get_model_metadata("embeddings")["platform"] == "model2vec_safetensors"
        vectors = client.infer("embeddings", [tensor], outputs=[wanted]).as_numpy("embedding")
    assert vectors.shape == (3, 64)
    dog = embeddings.ask("/predict", json.dumps({"texts": TEXTS[:1]}).encode())["embeddings"][0]
    np.testing.assert_allclose(vectors[0], dog, atol=1e-5)


def test_bytes_that_are_no_text_are_refused(embeddings: Project) -> None:
    tensor = make_input("text", np.array([b"\xff"], dtype=object), "BYTES")
    with (
        InferenceServerClient(f"127.0.0.1:{embeddings.port}") as client,
        pytest.raises(InferenceServerException, match="the element at byte 0 of its data is not UTF-8"),
    ):
        client.infer("embeddings", [tensor])


@pytest.mark.parametrize("service", ["digits", "embeddings"])
def test_the_calls_in_the_readme_work_as_they_are_written(
    service: str, request: pytest.FixtureRequest
) -> None:
    project = request.getfixturevalue(service)
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    section = re.search(r"## Use raw tensors\n(.*?)(\n## |\Z)", readme, re.DOTALL)[1]
    section = section.replace("localhost:8000", f"localhost:{project.port}")
    (curl,), (code,) = (re.findall(rf"```{word}\n(.*?)```", section, re.DOTALL) for word in ("sh", "python"))
    (output,) = json.loads(run(["bash", "-c", curl], project.path))["outputs"]
    printed = run([sys.executable, "-c", code], project.path)
    name, numbers = printed.split(" ", 1)
    assert name == output["name"]
    found = np.array(re.findall(r"[-+.e0-9]+", numbers), dtype=float)
    np.testing.assert_allclose(found, output["data"], rtol=1e-5, atol=1e-8)


def test_without_predict_the_protocol_still_answers(digits: Project, image: np.ndarray) -> None:
    """The last one, because it starts anew what all share."""
    with digits.settings(SERVE_PREDICT="false"):
        digits.up()
        assert digits.get("/predict")[0] == 404
        with InferenceServerClient(f"127.0.0.1:{digits.port}") as client:
            result = client.infer("digits", [make_input("image", image, "FP32")])
    assert result.as_numpy("probabilities").argmax(axis=1).tolist() == [7, 7]
