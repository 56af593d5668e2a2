import io
import json

import pytest
from small_image import LABEL, STEPS, pack, save, small_image

from image.layers import ImageError, read_image, shorten


def test_layers_above_the_label_are_told_from_those_of_the_base() -> None:
    image = small_image()
    assert image.base_name == "python:3.13-small"
    assert [layer.size for layer in image.base] == [1_500]
    assert [layer.instruction for layer in image.layers] == [
        "COPY /dependencies /",
        "COPY /bytecode /",
        "COPY /application /",
    ]
    assert image.base_size == 1_500
    assert image.size == image.base_size + image.added == 1_500 + sum(layer.size for layer in image.layers)
    assert image.platform == "linux/amd64"


def test_an_instruction_that_adds_no_file_is_left_out() -> None:
    assert "WORKDIR /app" not in [layer.instruction for layer in small_image().layers]


def test_a_base_that_names_its_own_base_stays_a_base() -> None:
    steps = [("LABEL org.opencontainers.image.base.name=debian:small", None), *STEPS]
    assert small_image(steps).base_size == 1_500


def test_layers_of_a_base_without_history_are_the_bases() -> None:
    files = save([("", {"etc/os": b"x" * 70}), *STEPS])
    config = json.loads(files["blobs/sha256/config"])
    del config["history"][0]
    files["blobs/sha256/config"] = json.dumps(config).encode()
    assert read_image(io.BytesIO(pack(files))).base_size == 1_570


def test_an_image_that_does_not_name_its_base_is_refused() -> None:
    with pytest.raises(ImageError, match=r"set the label org.opencontainers.image.base.name"):
        small_image([step for step in STEPS if step[0] != LABEL])
    with pytest.raises(ImageError, match=r"set the label org.opencontainers.image.base.name"):
        small_image(Labels=None)


@pytest.mark.parametrize("length", [0, 700, 4_000])
def test_an_archive_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(io.BytesIO(pack(save())[:length]))


def test_an_archive_without_a_manifest_is_refused() -> None:
    with pytest.raises(ImageError, match="Docker Engine 25"):
        read_image(io.BytesIO(pack({"index.json": b"{}"})))


@pytest.mark.parametrize(
    ("instruction", "short"),
    [
        ("COPY /opt/venv /opt/venv # buildkit", "COPY /opt/venv"),
        ("COPY /application / # buildkit", "COPY /application /"),
        ("RUN /bin/sh -c apt-get update  && true # buildkit", "RUN apt-get update && true"),
        ("RUN |1 A=b /bin/bash -o pipefail -c make # buildkit", "RUN make"),
        ("WORKDIR /app", "WORKDIR /app"),
        (f"COPY {'a' * 99} /", f"COPY {'a' * 54}…"),
    ],
)
def test_an_instruction_is_named_in_few_words(instruction: str, short: str) -> None:
    assert shorten(instruction) == short
