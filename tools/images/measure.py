"""How an image is measured; what is taken several times is given as its median."""

import gzip
import io
import json
import statistics
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from measured import MeasurementError
from project import CommandFailedError, run

from images.subject import Subject

HERE = Path(__file__).parent
Figures = dict[str, float]


def require(image: str) -> None:
    """Pull an image unless it is here; raise `MeasurementError` if it cannot be pulled."""
    try:
        run(["docker", "image", "inspect", image], HERE)
    except CommandFailedError:
        try:
            run(["docker", "pull", image], HERE)
        except CommandFailedError as error:
            reason = str(error).strip().splitlines()[-1]
            raise MeasurementError(f"{image} is not here and cannot be pulled: {reason}") from None


def remove(image: str) -> None:
    """Remove an image; the build cache keeps what it was made of."""
    subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False)


def read_size(image: str) -> int:
    """Return the bytes of an image, as `docker images` counts them."""
    return int(run(["docker", "image", "inspect", "--format={{.Size}}", image], HERE))


def read_layers(image: str) -> list[str]:
    """Return the digests of an image's layers, the lowest first."""
    return json.loads(run(["docker", "image", "inspect", "--format={{json .RootFS.Layers}}", image], HERE))


def measure_push(image: str, known: list[str]) -> int:
    """Return the compressed bytes of those layers of an image that are not known."""
    saved = subprocess.run(["docker", "image", "save", f"{image}:latest"], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(saved.stdout)) as archive:
        [manifest] = json.load(archive.extractfile("manifest.json"))
        layers = zip(manifest["Layers"], read_layers(image), strict=True)
        new = [archive.extractfile(name).read() for name, digest in layers if digest not in known]
    return sum(len(gzip.compress(layer)) for layer in new)


def seconds(action: Callable[[], object], runs: int, before: Callable[[int], object] = int) -> float:
    """Return the median time of an action, each time after something else that is not timed."""
    times = []
    for number in range(runs):
        before(number)
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 2)


def measure_size(subject: Subject) -> Figures:
    """Return the bytes of an image that is built, and of what lies above its base."""
    size = read_size(subject.image)
    return {"size": size, "above_base": size - read_size(subject.base)}


def measure_start(subject: Subject, runs: int) -> Figures:
    """Return the seconds from the start of a container to its first answer and to its first prediction."""
    answers, predictions = [], []
    for _ in range(runs):
        with subject.started() as container:
            answers.append(container.wait_for(subject.live))
            predictions.append(container.wait_for("/predict", subject.example))
    medians = {"first_answer": answers, "first_prediction": predictions}
    return {name: round(statistics.median(times), 2) for name, times in medians.items()}


def measure_build(subject: Subject, runs: int) -> Figures:
    """Return the seconds of a build that finds only base images, and of one that finds all downloads too."""
    caches = iter(range(runs))
    cold = seconds(lambda: subject.build("--no-cache", caches=f"{next(caches)}"), runs)
    subject.build()
    return {"cold": cold, "downloaded": seconds(lambda: subject.build("--no-cache"), runs)}


def measure_rebuild(subject: Subject, runs: int) -> Figures:
    """Return the seconds of a build after one more line of code, and the bytes that a push then sends."""
    subject.build()
    known = read_layers(subject.image)
    changed = seconds(subject.build, runs, subject.change_code)
    return {"code_changed": changed, "pushed": measure_push(subject.image, known)}
