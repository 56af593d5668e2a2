"""The example of a model runtime of your own."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from service.errors import ModelError
from service.model_runtime import FILE_NAME, Arrays, load


@pytest.fixture
def weights() -> Arrays:
    """Return the weights of a network that always reads a three."""
    weights = {"hidden_weights": np.zeros((64, 2)), "hidden_bias": np.zeros(2)}
    weights |= {"output_weights": np.zeros((2, 10)), "output_bias": np.eye(10)[3] * 1000}
    return {name: array.astype(np.float32) for name, array in weights.items()}


@pytest.mark.parametrize("rows", [1, 5])
def test_each_image_gets_probabilities(tmp_path: Path, weights: Arrays, rows: int) -> None:
    save_file(weights, tmp_path / FILE_NAME)
    image = np.full((rows, 8, 8), 16, np.float32)
    probabilities = load(tmp_path / FILE_NAME).infer({"image": image})["probabilities"]
    assert probabilities.tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]] * rows
    assert image.min() == 16


def test_weights_that_do_not_fit_together_are_refused(tmp_path: Path, weights: Arrays) -> None:
    save_file(weights | {"hidden_bias": np.zeros(7, np.float32)}, tmp_path / FILE_NAME)
    with pytest.raises(ModelError, match="holds other weights than this network has"):
        load(tmp_path / FILE_NAME)


def test_weights_of_other_names_are_refused(tmp_path: Path) -> None:
    save_file({"anything": np.zeros(7)}, tmp_path / FILE_NAME)
    with pytest.raises(ModelError, match="hidden_weights"):
        load(tmp_path / FILE_NAME)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("no model")
    with pytest.raises(ModelError, match="is not a complete safetensors file"):
        load(tmp_path / FILE_NAME)
