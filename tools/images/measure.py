"""How an image is measured; what is taken several times is given as its median."""

import statistics
import time
from collections.abc import Callable

from images import engine
from images.subject import Subject

Figures = dict[str, float]
# So many combinations of releases hold all of them, and so many more can be had for each measurement.
FRESH, RUNS = 3, 3


def seconds(action: Callable[[], object], runs: int, before: Callable[[int], object] = int) -> float:
    """Return the median time of an action, each time after something else that is not timed."""
    times = []
    for number in range(runs):
        before(number)
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure_size(subject: Subject) -> Figures:
    """Return the bytes of an image that is built, and of what lies above its base."""
    size = engine.size(subject.image)
    return {"size": size, "above_base": size - engine.size(subject.base)}


def measure_start(subject: Subject, runs: int) -> Figures:
    """Return the seconds from the start of a container to its first answer and to its first prediction."""
    answers, predictions = [], []
    for _ in range(runs):
        with subject.started() as container:
            answers.append(container.answers())
            predictions.append(container.predicts())
    return {"first_answer": statistics.median(answers), "first_prediction": statistics.median(predictions)}


def measure_cold(subject: Subject, runs: int) -> Figures:
    """Return the seconds of a build that finds nothing but its base images."""
    caches = iter(range(runs))
    return {"cold": seconds(lambda: subject.build("--no-cache", caches=f"{next(caches)}"), runs)}


def measure_rebuild(subject: Subject, runs: int) -> Figures:
    """Return the seconds of a build with nothing changed, and with one more line of code.

    `pushed` is what a push after the latter sends: the bytes, compressed, of the layers that differ.
    """
    subject.build()
    unchanged = seconds(subject.build, runs)
    known = engine.layers(subject.image)
    changed = seconds(subject.build, runs, subject.change_code)
    return {"unchanged": unchanged, "code_changed": changed, "pushed": engine.pushed(subject.image, known)}


def measure_dependency(subject: Subject, runs: int) -> Figures:
    """Return the seconds of a build after another release of one dependency, all releases in the caches."""
    for number in range(FRESH):
        subject.change_dependency(number)
        subject.build()
    changed = seconds(subject.build, runs, lambda number: subject.change_dependency(FRESH + number))
    return {"dependency_changed": changed}


def measure_install(subject: Subject, runs: int) -> Figures:
    """Return the seconds of the one stage that installs, after the same; the caches must be full."""
    install = seconds(
        lambda: subject.build("--target=builder"),
        runs,
        lambda number: subject.change_dependency(FRESH + RUNS + number),
    )
    return {"install": install}
