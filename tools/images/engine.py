"""What is asked of Docker about images: whether they are here, how large they are, what a push sends."""

import gzip
import io
import json
import subprocess
import tarfile
from pathlib import Path

from measured import MeasurementError
from project import CommandFailedError, run

HERE = Path(__file__).parent


def require(image: str) -> None:
    """Pull an image unless it is here; raise `MeasurementError` if it cannot be had."""
    try:
        run(["docker", "image", "inspect", image], HERE)
    except CommandFailedError:
        try:
            run(["docker", "pull", image], HERE)
        except CommandFailedError as error:
            reason = str(error).strip().splitlines()[-1]
            raise MeasurementError(f"{image} is not here and cannot be pulled: {reason}") from None


def size(image: str) -> int:
    """Return the bytes of an image, as `docker images` counts them."""
    return int(run(["docker", "image", "inspect", "--format={{.Size}}", image], HERE))


def layers(image: str) -> list[str]:
    """Return the digests of an image's layers, the lowest first."""
    return json.loads(run(["docker", "image", "inspect", "--format={{json .RootFS.Layers}}", image], HERE))


def pushed(image: str, known: list[str]) -> int:
    """Return the bytes, compressed, of those layers of an image that whoever has the known ones lacks."""
    saved = subprocess.run(["docker", "image", "save", f"{image}:latest"], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(saved.stdout)) as archive:
        [manifest] = json.load(archive.extractfile("manifest.json"))
        new = [
            name
            for name, digest in zip(manifest["Layers"], layers(image), strict=True)
            if digest not in known
        ]
        return sum(len(gzip.compress(archive.extractfile(name).read())) for name in new)


def remove(image: str) -> None:
    """Take an image away; the build cache keeps what it was made of."""
    subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False)
