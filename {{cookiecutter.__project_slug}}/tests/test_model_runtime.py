from pathlib import Path

import numpy as np
import pytest

from service import model_repository, model_runtime
from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.settings import Settings


@pytest.fixture
def file(settings: Settings) -> Path:
    return model_repository.find(settings).directory / FILE_NAME


def test_outputs_come_back_by_name_for_any_number_of_rows(file: Path) -> None:
    model = model_runtime.load(file.parent)
    for rows in (1, 5):
        outputs = model.infer({"image": np.zeros((rows, 8, 8), dtype=np.float32)})
        assert outputs.keys() == {"probabilities"}
        assert outputs["probabilities"].shape == (rows, 10)
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 100])
def test_a_file_that_is_no_model_is_refused_in_one_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        model_runtime.load(file.parent)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_model_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="export the model again"):
        model_runtime.load(file.parent)
