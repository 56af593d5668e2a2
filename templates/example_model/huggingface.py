"""What the documentation shows of models: two revisions of one, named and placed as they are on a volume."""

from pathlib import Path

from service.volume.model_version import ModelVersion

SNAPSHOTS = Path("/models/models--org--reader/snapshots")
COMMIT, NEXT_COMMIT = "3f1c5a0d9b7e42861c0f5d3a9e8b7c6d5e4f3a2b", "8d2e7b4f6a1c93058e7d6c5b4a392817f6e5d4c3"

SERVED = ModelVersion("org/reader", COMMIT, SNAPSHOTS / COMMIT)
NEXT = ModelVersion("org/reader", NEXT_COMMIT, SNAPSHOTS / NEXT_COMMIT)
