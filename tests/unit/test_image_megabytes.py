"""The sizes from which the image budgets of generated projects are made."""

import json

import pytest
from answers import FACTS, SUPPORTED
from image_megabytes import TABLE, read_sizes, write_tables
from images.figures import read_figures


def test_every_supported_image_has_a_size_and_no_other() -> None:
    known = {(base, runtime) for base, sizes in FACTS["_image_megabytes"].items() for runtime in sizes}
    assert known == {(answers["base_image"], answers["model_runtime"]) for answers in SUPPORTED}


def test_the_budgets_are_made_of_what_was_measured() -> None:
    assert read_sizes(read_figures()) == (FACTS["_image_megabytes"], FACTS["_tracing_megabytes"])


def test_new_sizes_change_nothing_else() -> None:
    table = TABLE.read_text(encoding="utf-8")
    images, tracing = {"slim": {"onnxruntime": 1}}, 7
    written = json.loads(write_tables(table, images, tracing))
    assert written == json.loads(table) | {"_image_megabytes": images, "_tracing_megabytes": tracing}


def test_the_same_sizes_leave_the_table_as_it_is() -> None:
    table = TABLE.read_text(encoding="utf-8")
    assert write_tables(table, FACTS["_image_megabytes"], FACTS["_tracing_megabytes"]) == table


def test_a_table_without_sizes_is_refused() -> None:
    with pytest.raises(ValueError, match="_image_megabytes is not found"):
        write_tables("{}", {}, 0)
