from typing import Any

import pytest
from small_image import small_image

from image import docker
from image.layers import BASE_NAME, ImageError
from image.naive import Naive, build_naive, measure, write_dockerfile
from image.packages import Package

HISTORY = [
    ("COPY . . # buildkit", 20),
    ("RUN pip", 300),
    (f"LABEL {BASE_NAME}=python:3.13", 0),
    ("ADD", 1_000),
]


def test_the_naive_image_has_the_same_packages_in_the_same_versions() -> None:
    packages = [Package("other", "2.1", 1, 0), Package("demo", "1.0", 1, 0), Package("stray.py", "", 1, 0)]
    dockerfile = write_dockerfile("3.13", packages)
    assert dockerfile.startswith("FROM python:3.13\n")
    assert "pip install demo==1.0 other==2.1\n" in dockerfile
    assert dockerfile.count("FROM") == 1


def test_the_label_parts_the_base_from_what_is_above() -> None:
    naive = measure("python:3.13", HISTORY)
    assert naive == Naive("python:3.13", 1_000, 320)
    assert naive.size == 1_320


def test_what_was_built_is_measured_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def remember(*arguments: object) -> bool:
        asked.append(arguments)
        return True

    monkeypatch.setattr(docker, "build", remember)
    monkeypatch.setattr(docker, "list_history", lambda name: HISTORY)
    monkeypatch.setattr(docker, "remove", asked.append)
    assert build_naive("demo", small_image(), ["id=a,src=b"]).added == 320
    (built, removed) = asked
    assert (built[0], *built[2:]) == ("demo:naive", "linux/amd64", ["id=a,src=b"])
    assert removed == "demo:naive"


def test_a_build_that_fails_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "build", lambda *_: False)
    with pytest.raises(ImageError, match=r"^python:3.13 could not be pulled, or"):
        build_naive("demo", small_image(), [])
