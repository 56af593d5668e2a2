"""The benchmark of images: what it compares does the same, and is measured."""

from pathlib import Path

import pytest
from bench_images import Benchmark, measure_each
from images.subject import Subject
from images.subjects import list_tiny


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    chosen = {"uv", "ours-distroless"}
    return [subject for subject in list_tiny(tmp_path_factory.mktemp("images")) if subject.name in chosen]


@pytest.mark.stress
def test_an_image_of_the_lesson_and_one_of_ours_are_measured_alike(
    subjects: list[Subject], tmp_path: Path
) -> None:
    lesson, ours = measure_each(subjects, Benchmark(tmp_path, starts=1, builds=1).measure_tiny)
    assert (lesson["name"], ours["name"]) == ("uv", "ours-distroless")
    for cell in (lesson, ours):
        assert 0 < cell["above_base"] < cell["size"]
        assert 0 < cell["first_answer"] <= cell["first_prediction"]
        assert cell["downloaded"] > 0
        assert cell["code_changed"] > 0
        assert cell["cold"] > 0
        assert cell["pushed"] > 0
    assert ours["pushed"] < 200_000
    assert ours["size"] < lesson["size"]
