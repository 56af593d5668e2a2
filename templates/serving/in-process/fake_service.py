"""The service as a process, with a model that takes MODEL_SECONDS: `python tests/fake_service.py`."""

import os
import time

from conftest import FakeModel, make_served

from service import __main__, loader
from service.loader import ServedModel
from service.model_runtime import Arrays
from service.settings import Settings


def infer(inputs: Arrays) -> Arrays:
    time.sleep(float(os.environ.get("MODEL_SECONDS", "0.01")))
    return inputs


def load(settings: Settings) -> ServedModel:
    return make_served(FakeModel(infer))


loader.load = load
exit_code = __main__.main()
os._exit(exit_code)
