# /// script
# requires-python = ">=3.12"
# dependencies = ["numpy==2.4.6", "scikit-learn==1.9.1", "skops==0.16.0"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Train the sample model of the runtime `scikit-learn`: which of three species an iris is.

A pipeline that scales four measurements and then applies logistic regression learns from Fisher's irises
("The use of multiple measurements in taxonomic problems", 1936), which come with scikit-learn. One fifth
of the flowers is held out and never seen in training; the accuracy on it is written into the model's own
file, so that the figure cannot part from it.

    X               float64 [N, 4]   sepal length, sepal width, petal length, petal width, in cm
    labels          N strings        setosa, versicolor or virginica
    probabilities   float64 [N, 3]   one for each species, in this order; each row sums to 1
"""

import argparse
import io
import json
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io import dumps

SEED = 0
FIELDS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def train() -> tuple[Pipeline, float, np.ndarray]:
    """Return the trained pipeline, its accuracy on held-out flowers (0 to 1), and those flowers [M, 4]."""
    iris = load_iris()
    species = np.array([str(name) for name in iris.target_names])[iris.target]
    train_x, test_x, train_y, test_y = train_test_split(
        iris.data, species, test_size=0.2, random_state=SEED, stratify=species
    )
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(train_x, train_y)
    return pipeline, float(pipeline.score(test_x, test_y)), test_x


def save(pipeline: Pipeline, accuracy: float, path: Path) -> None:
    """Write a skops file that has the same bytes each time; its archive's comment tells the accuracy.

    skops numbers what it writes by addresses in memory, and dates it.
    """
    written = zipfile.ZipFile(io.BytesIO(dumps(pipeline)))
    schema = written.read("schema.json").decode()
    numbers = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    places = {address: str(place) for place, address in enumerate(numbers)}
    schema = re.sub(r'(?<="__id__": )\d+', lambda match: places[match[0]], schema)
    schema = re.sub(r'(?<="file": ")\d+', lambda match: places[match[0]], schema)
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = f"held_out_accuracy={accuracy:.4f}".encode()
        for name in written.namelist():
            stem, _, ending = name.partition(".")
            member = zipfile.ZipInfo(f"{places.get(stem, stem)}.{ending}")
            archive.writestr(member, schema if name == "schema.json" else written.read(name))


def main() -> None:
    """Train, report, and write the model and a request for it where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="where to write the skops file")
    parser.add_argument("--request", type=Path, required=True, help="where to write an example request")
    arguments = parser.parse_args()
    pipeline, accuracy, held_out = train()
    save(pipeline, accuracy, arguments.model)
    request = dict(zip(FIELDS, held_out[1].tolist(), strict=True))
    arguments.request.write_text(json.dumps(request, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"accuracy on {len(held_out)} held-out flowers: {accuracy:.4f}\n")


if __name__ == "__main__":
    main()
