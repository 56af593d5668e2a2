"""The sizes from which the image budgets of generated projects are made."""

import json

import pytest
from answers import CHOICES, DEFAULTS, FACTS, SUPPORTED
from image_megabytes import TABLE, write_tables
from project import TEMPLATE

# What an image's size does not depend on, or only by what is measured apart.
OTHERS = DEFAULTS.keys() - {"base_image", "model_runtime"}


def test_every_image_that_can_be_had_has_a_size_and_no_other() -> None:
    known = {(base, runtime) for base, sizes in FACTS["_image_megabytes"].items() for runtime in sizes}
    assert known == {(answers["base_image"], answers["model_runtime"]) for answers in SUPPORTED}
    assert list(FACTS["_tracing_megabytes"]) == CHOICES["tracing"]


def test_the_sizes_of_the_table_are_written_as_they_stand_there() -> None:
    table = TABLE.read_text(encoding="utf-8")
    assert write_tables(table, FACTS["_image_megabytes"], FACTS["_tracing_megabytes"]) == table


def test_new_sizes_change_nothing_else() -> None:
    table = TABLE.read_text(encoding="utf-8")
    images, tracing = {"slim": {"onnxruntime": 1}}, {"none": 0}
    written = json.loads(write_tables(table, images, tracing))
    assert written == json.loads(table) | {"_image_megabytes": images, "_tracing_megabytes": tracing}


def test_a_table_without_sizes_is_noticed() -> None:
    with pytest.raises(ValueError, match="_image_megabytes is not found"):
        write_tables("{}", {}, {})


def test_the_sizes_are_those_that_the_pages_say() -> None:
    measured = json.loads((TEMPLATE / "docs" / "measurements.json").read_text(encoding="utf-8"))["choices"]
    plain = [cell for cell in measured if all(cell["answers"][name] == DEFAULTS[name] for name in OTHERS)]
    sizes = FACTS["_image_megabytes"]
    assert {(cell["answers"]["base_image"], cell["answers"]["model_runtime"]) for cell in plain} == {
        (base, runtime) for base in sizes for runtime in sizes[base]
    }
    for cell in plain:
        known = sizes[cell["answers"]["base_image"]][cell["answers"]["model_runtime"]]
        assert cell["above_base"] / 1e6 == pytest.approx(known, abs=2)
