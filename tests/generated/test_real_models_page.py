"""docs/real-models.md: the models are got as it says, its Python blocks are run, and print what it says."""

from pathlib import Path

from pages import find_printed, follow, needs_programs, read

# The bodies that the page writes, asked as the service asks them, give the answers that the page names.
CHECKS = """
TYPES = {"INT32": np.int32, "FP32": np.float32}


def ask(model: str) -> np.ndarray:
    request = json.loads(Path(f"{model}-request.json").read_text())
    arrays = {
        tensor["name"]: np.array(tensor["data"], TYPES[tensor["datatype"]]).reshape(tensor["shape"])
        for tensor in request["inputs"]
    }
    session = onnxruntime.InferenceSession(f"{model}/model.onnx", providers=["CPUExecutionProvider"])
    (answer,) = session.run([output["name"] for output in request["outputs"]], arrays)
    return answer


types = ask("magika")
assert types.shape == (2, 214)
assert types.argmax(1).tolist() == [143, 165]
flat = types.reshape(-1)
assert sorted(flat.argsort()[-2:]) == [143, 379]

heard = ask("silero")
assert heard.shape == (28,)
assert (heard[8:21] > 0.6).all(), heard
assert (heard[:8] < 0.02).all(), heard
assert (heard[-4:] < 0.05).all(), heard
"""


@needs_programs
def test_every_block_of_the_page_prints_what_it_says(tmp_path: Path) -> None:
    page = read("real-models.md")
    assert follow(page, tmp_path, CHECKS) == find_printed(page)
