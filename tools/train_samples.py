"""Train the sample models and put each where the template renders it: `make sample-models`.

A sample's files stand side by side in the directory that becomes a project's model, each under a name that
is empty for the answers that have another sample. Their checksums, and the commit that the layout
`huggingface` knows them by, are written with them.
"""

import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from project import TEMPLATE, run

TOOLS = Path(__file__).parent
PLACE = TEMPLATE / "{{cookiecutter.project_slug}}" / "{{cookiecutter.__derived.sample_directory}}"
CHECKSUMS = TEMPLATE / "templates" / "sample_checksums"
SAMPLES = TEMPLATE / "templates" / "sample"
FACTS = TEMPLATE / "cookiecutter.json"


def sample_files() -> dict[str, dict[str, Path]]:
    """Return for each format of a sample the files that it renders, by their names there."""
    formats: dict[str, dict[str, Path]] = {}
    for key, expression in json.loads(FACTS.read_text(encoding="utf-8"))["__sample_files"].items():
        name, form = re.findall(r"'([^']+)'", expression)
        formats.setdefault(form, {})[name] = PLACE / f"{{{{cookiecutter.__sample_files.{key}}}}}"
    return formats


def train(name: str, *options: str | Path) -> None:
    """Run a training script, each in an environment of its own."""
    command = ["uv", "run", "--quiet", "--script", str(TOOLS / f"train_{name}.py"), *map(str, options)]
    sys.stdout.write(run(command, TEMPLATE))


def list_checksums(files: dict[str, Path]) -> str:
    """Return a `SHA256SUMS` of the files of a sample."""
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items())}
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def write_checksums() -> None:
    """Write down what the samples are now: their checksums, and their commits in the table of facts."""
    table = FACTS.read_text(encoding="utf-8")
    for form, files in sample_files().items():
        listing = list_checksums(files)
        (CHECKSUMS / form).write_text(listing, encoding="utf-8")
        commit = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
        pattern = rf'("sample_format": "{form}",\s*"sample_commit": ")\w+'
        table = re.sub(pattern, rf"\g<1>{commit}", table)
    FACTS.write_text(table, encoding="utf-8")


def main() -> None:
    """Train all, then write the checksums down."""
    files = sample_files()
    onnx, weights = files["onnx"]["model.onnx"], files["safetensors"]["model.safetensors"]
    train("digits", "--model", onnx, "--weights", weights, "--request", SAMPLES / "digits" / "predict.json")
    train("iris", "--model", files["skops"]["model.skops"], "--request", SAMPLES / "iris" / "predict.json")
    capitals = SAMPLES / "capitals" / "predict.json"
    train("capitals", "--model", files["gguf"]["model.gguf"], "--request", capitals)
    with tempfile.TemporaryDirectory() as directory:
        train("embeddings", "--directory", directory)
        for name, path in files["embeddings"].items():
            shutil.copyfile(Path(directory) / name, path)
    write_checksums()


if __name__ == "__main__":
    main()
