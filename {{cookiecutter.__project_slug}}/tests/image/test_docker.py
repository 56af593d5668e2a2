import stat
from pathlib import Path

import pytest
from small_image import pack, save

from image import docker
from image.layers import ImageError


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a directory on the path in which a test puts a `docker` of its own."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def write_docker(directory: Path, script: str) -> None:
    """Write a `docker` that does what a test needs."""
    program = directory / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_an_image_is_read_from_what_docker_saves(pretend: Path) -> None:
    (pretend / "saved.tar").write_bytes(pack(save()))
    write_docker(pretend, f'[ "$2" != save ] || cat {pretend}/saved.tar')
    assert docker.load("demo").base_name == "python:3.13-small"


@pytest.mark.parametrize(
    ("name", "saved"),
    [("demo", "demo:latest"), ("demo:1.2", "demo:1.2"), ("registry:5000/demo", "registry:5000/demo:latest")],
)
def test_one_image_is_read_however_many_have_its_name(pretend: Path, name: str, saved: str) -> None:
    (pretend / "saved.tar").write_bytes(pack(save()))
    write_docker(pretend, f'[ "$2" != save ] || (echo "$3" > {pretend}/asked; cat {pretend}/saved.tar)')
    docker.load(name)
    assert (pretend / "asked").read_text() == f"{saved}\n"


def test_a_docker_that_does_not_answer_is_named(pretend: Path) -> None:
    write_docker(pretend, "exit 1")
    with pytest.raises(ImageError, match=r"^Docker does not answer: start it, then try again$"):
        docker.load("demo")


def test_a_docker_that_is_not_there_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match=r"^Docker does not answer"):
        docker.load("demo")


def test_an_image_that_is_not_there_is_named(pretend: Path) -> None:
    write_docker(pretend, '[ "$1" = version ]')
    with pytest.raises(ImageError, match=r"^there is no image demo: run `make image` first$"):
        docker.load("demo")


def test_a_history_is_read_with_its_sizes(pretend: Path) -> None:
    write_docker(
        pretend, """printf '{"CreatedBy": "COPY a", "Size": "12"}\\n{"CreatedBy": "ADD", "Size": "3"}\\n'"""
    )
    assert docker.list_history("demo") == [("COPY a", 12), ("ADD", 3)]


def test_a_build_gets_dockerfile_platform_and_secrets(pretend: Path) -> None:
    write_docker(pretend, f'echo "$@" > {pretend}/said; cat >> {pretend}/said')
    assert docker.build("demo:naive", "FROM scratch\n", "linux/arm64", ["id=a,src=b"])
    assert (pretend / "said").read_text() == (
        "build --load --platform linux/arm64 --secret=id=a,src=b --tag demo:naive --file - .\nFROM scratch\n"
    )


def test_a_build_that_fails_is_told(pretend: Path) -> None:
    write_docker(pretend, "exit 1")
    assert not docker.build("demo:naive", "FROM scratch\n", "linux/arm64", [])
