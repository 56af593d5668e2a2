from pathlib import Path

import pytest

from service import model_runtime, predictor
from service.errors import ModelError
from service.settings import Settings
from service.tensors import DTYPES
from service.volume import model_repository


@pytest.fixture
def directory(settings: Settings) -> Path:
    return model_repository.find(settings).directory


def test_the_outputs_are_those_that_the_model_describes(directory: Path) -> None:
    model = model_runtime.load(directory)
    inputs = predictor.to_inputs(predictor.EXAMPLE)
    assert inputs.keys() == {tensor.name for tensor in model.inputs}
    outputs = model.infer(inputs)
    assert list(outputs) == [tensor.name for tensor in model.outputs]
    for tensor in model.outputs:
        output = outputs[tensor.name]
        assert output.astype(DTYPES[tensor.datatype]).tolist() == output.tolist()
        assert len(output.shape) == len(tensor.shape)
        assert all(wanted in {-1, size} for wanted, size in zip(tensor.shape, output.shape, strict=True))


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 100])
def test_a_file_that_is_no_model_is_refused_in_one_sentence(directory: Path, content: bytes) -> None:
    file = directory / model_runtime.FILE_NAME
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        model_runtime.load(directory)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_model_is_refused(directory: Path) -> None:
    file = directory / model_runtime.FILE_NAME
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"(export|save) .* again"):
        model_runtime.load(directory)
