"""What an image is made of: its layers with their files, as `docker image save` gives them, shell or not."""

import json
import re
import tarfile
from dataclasses import dataclass
from io import BufferedReader
from typing import IO, Any, NamedTuple, cast

BASE_NAME = "org.opencontainers.image.base.name"
BLOCK = 1 << 20  # bytes read at a time
LONGEST = 60  # characters of an instruction in a report


class ImageError(Exception):
    """What is wrong, and what to do, in one sentence."""


class File(NamedTuple):
    """A file in a layer; its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Layer:
    """What one instruction of a Dockerfile has added; a file that is written again counts again."""

    instruction: str
    files: tuple[File, ...] = ()

    @property
    def size(self) -> int:
        """Return the bytes of all files, as they are unpacked."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Image:
    """An image: the layers of its base, those above it, and the lists of files that installers left."""

    base_name: str
    base: tuple[Layer, ...]
    layers: tuple[Layer, ...]
    records: dict[str, str]  # by path, as the recording-installed-projects specification has them
    platform: str
    directory: str

    @property
    def base_size(self) -> int:
        """Return the bytes of the base image."""
        return sum(layer.size for layer in self.base)

    @property
    def added(self) -> int:
        """Return the bytes above the base image."""
        return sum(layer.size for layer in self.layers)

    @property
    def size(self) -> int:
        """Return the bytes of the image, as it is unpacked."""
        return self.base_size + self.added

    @property
    def files(self) -> list[File]:
        """Return every file above the base image."""
        return [file for layer in self.layers for file in layer.files]


def read_image(archive: IO[bytes]) -> Image:
    """Read an image as `docker save` writes it, once from start to end.

    Raises `ImageError` when it is cut off, or compressed in a way that this Python cannot read.
    """
    documents: dict[str, Any] = {}
    contents: dict[str, tuple[File, ...]] = {}
    records: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=archive, mode="r|", bufsize=BLOCK) as members:
            for member in members:
                if not member.isreg():
                    continue
                content = cast(BufferedReader, members.extractfile(member))
                if content.peek(1)[:1] in {b"{", b"["}:
                    documents[member.name] = json.load(content)
                else:
                    contents[member.name] = read_layer(content, records)
    except tarfile.TarError as error:
        raise ImageError(f"the image cannot be read as `docker image save` gives it: {error}") from None
    if "manifest.json" not in documents:
        raise ImageError("the image cannot be read: Docker Engine 25 or newer gives it whole")
    [manifest] = documents["manifest.json"]
    layers = [contents.get(name, ()) for name in manifest["Layers"]]
    return assemble(documents[manifest["Config"]], layers, records)


def read_layer(archive: IO[bytes], records: dict[str, str]) -> tuple[File, ...]:
    """Return the files of a layer, and put the `RECORD` of each installed package in `records`."""
    files = []
    with tarfile.open(fileobj=archive, mode="r|*", bufsize=BLOCK) as members:
        for member in members:
            if member.isreg():  # a hard link has no bytes of its own
                files.append(File(member.name, member.size))
            if member.isreg() and member.name.endswith(".dist-info/RECORD"):
                records[member.name] = cast(IO[bytes], members.extractfile(member)).read().decode()
    return tuple(files)


def assemble(config: dict[str, Any], contents: list[tuple[File, ...]], records: dict[str, str]) -> Image:
    """Tell whose each layer is by the history: the first instruction of ours names the base in a label."""
    settings = config["config"]
    base_name = (settings.get("Labels") or {}).get(BASE_NAME)
    steps = config.get("history", [])
    labels = [number for number, step in enumerate(steps) if BASE_NAME in step.get("created_by", "")]
    if not base_name or not labels:
        raise ImageError(f"the image does not say what its base is: set the label {BASE_NAME} after FROM")
    ours = [step.get("created_by", "") for step in steps[labels[-1] :] if not step.get("empty_layer")]
    border = len(contents) - len(ours)
    layers = [Layer(shorten(text), files) for text, files in zip(ours, contents[border:], strict=True)]
    return Image(
        base_name=base_name,
        base=tuple(Layer("", files) for files in contents[:border]),
        layers=tuple(layer for layer in layers if layer.size),
        records=records,
        platform=f"{config['os']}/{config['architecture']}",
        directory=settings.get("WorkingDir", "").strip("/"),
    )


def shorten(instruction: str) -> str:
    """Return an instruction as its author would name it, without what a builder adds."""
    text = " ".join(instruction.removesuffix("# buildkit").split())
    text = re.sub(r"^RUN (\|\d+ .*?)?/bin/\w+ (-o pipefail )?-\w*c ", "RUN ", text)
    text = re.sub(r"^COPY (\S+) \1$", r"COPY \1", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
