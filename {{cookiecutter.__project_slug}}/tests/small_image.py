"""A small image, as `docker image save` writes a large one."""

import gzip
import io
import json
import tarfile
from typing import Any

from image.layers import Image, read_image

Files = dict[str, bytes]
SITE = "opt/venv/lib/python3.13/site-packages"
LABEL = "LABEL org.opencontainers.image.base.name=python:3.13-small"
RECORD = "demo/__init__.py,sha256=x,10\n_demo.so,,\ndemo_pack-1.0.dist-info/RECORD,,\n"

# What made each layer, and what is in it; `None` made none.
STEPS: list[tuple[str, Files | None]] = [
    (
        "/bin/sh -c #(nop) ADD file:0 in / ",
        {"usr/bin/sh": b"s" * 1_000, "usr/lib/python3.13/os.py": b"o" * 500},
    ),
    ('CMD ["python3"]', None),
    (LABEL, None),
    ("WORKDIR /app", {}),
    (
        "COPY /dependencies / # buildkit",
        {
            f"{SITE}/demo/__init__.py": b"d" * 10,
            f"{SITE}/_demo.so": b"s" * 600,
            f"{SITE}/demo_pack-1.0.dist-info/RECORD": RECORD.encode(),
            f"{SITE}/other/__init__.py": b"o" * 200,
            f"{SITE}/other.libs/libother.so": b"l" * 100,
            f"{SITE}/Other-2.1.dist-info/METADATA": b"m" * 7,
            f"{SITE}/stray.py": b"t" * 3,
        },
    ),
    (
        "COPY /bytecode / # buildkit",
        {
            f"{SITE}/demo/__pycache__/__init__.cpython-313.pyc": b"c" * 40,
            "usr/lib/python3.13/__pycache__/os.cpython-313.pyc": b"c" * 50,
        },
    ),
    (
        "COPY /application / # buildkit",
        {"app/src/service/app.py": b"a" * 30, "app/src/service/__pycache__/app.cpython-313.pyc": b"c" * 60},
    ),
    ('ENTRYPOINT ["python"]', None),
]


def pack(files: Files) -> bytes:
    """Return a tar archive of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def save(steps: list[tuple[str, Files | None]] = STEPS, **settings: Any) -> Files:
    """Return the files of a saved image; layers come before what explains them, and one is compressed."""
    labels = {"org.opencontainers.image.base.name": "python:3.13-small"}
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": labels, "WorkingDir": "/app"} | settings,
        "history": [{"created_by": text, "empty_layer": files is None} for text, files in steps],
    }
    layers = [pack(files) for _, files in steps if files is not None]
    blobs = {f"blobs/sha256/{number}": layer for number, layer in enumerate(layers)}
    blobs |= {"blobs/sha256/0": gzip.compress(layers[0])}
    manifest = [{"Config": "blobs/sha256/config", "Layers": list(blobs)}]
    return blobs | {
        "blobs/sha256/config": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
    }


def small_image(steps: list[tuple[str, Files | None]] = STEPS, **settings: Any) -> Image:
    """Return the image, read."""
    return read_image(io.BytesIO(pack(save(steps, **settings))))
