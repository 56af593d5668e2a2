from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from service import model_runtime
from service.errors import ModelError
from service.settings import Settings
from service.volume import model_repository


@pytest.fixture
def directory(settings: Settings) -> Path:
    return model_repository.find(settings).directory


def test_weights_of_another_shape_are_refused(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    save_file(weights | {"hidden_bias": np.zeros(7, dtype=np.float32)}, directory / "model.safetensors")
    with pytest.raises(ModelError, match="does not hold this network's weights"):
        model_runtime.load(directory)


def test_weights_without_a_name_are_refused(directory: Path) -> None:
    save_file({"anything": np.zeros(7)}, directory / "model.safetensors")
    with pytest.raises(ModelError, match="hidden_weights"):
        model_runtime.load(directory)
