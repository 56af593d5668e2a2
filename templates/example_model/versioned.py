"""What the documentation shows of models: two versions of one, named and placed as they are on a volume."""

from pathlib import Path

from service.volume.model_version import ModelVersion

SERVED = ModelVersion("reader", "1", Path("/models/reader/1"))
NEXT = ModelVersion("reader", "2", Path("/models/reader/2"))
