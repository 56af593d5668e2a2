"""What the documentation shows of models: two versions of one, named and placed as they are on a volume."""

from pathlib import Path

from service.volume.model_version import ModelVersion

SERVED = ModelVersion("model", "1", Path("/models/.versions/1"))
NEXT = ModelVersion("model", "2", Path("/models/.versions/2"))
