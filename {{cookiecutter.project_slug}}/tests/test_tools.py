"""The tools of the image: what is removed and compiled, and the report on its size."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import image_report
import slim

INSTALLED = {
    "web": ["tls>=1; extra == 'secure'", "Json.Fast[extra]", "plot; extra == 'docs'"],
    "tls": [],
    "json-fast": ['numbers; extra == "extra"', "tests; extra == 'test'"],
    "numbers": ["hub>=2"],
    "hub": ["download"],
    "download": [],
    "plot": [],
    "tests": [],
}
LAYERS = [
    image_report.Layer("COPY /app /app", 1_000_000),
    image_report.Layer("LABEL org.opencontainers.image.base.name=base", 0),
]


def test_a_package_that_nothing_requires_is_not_needed() -> None:
    assert slim.needed(INSTALLED, ["web>=1"], {}) == {"web", "json-fast", "numbers", "hub", "download"}


def test_an_extra_is_needed_where_it_is_required() -> None:
    assert "tls" in slim.needed(INSTALLED, ["Web[secure]>=1"], {})


def test_an_unused_requirement_goes_with_all_that_only_it_requires() -> None:
    unused = {"numbers": {"hub": "downloads"}}
    assert slim.needed(INSTALLED, ["web"], unused) == {"web", "json-fast", "numbers"}
    assert "hub" in slim.needed(INSTALLED, ["web", "hub"], unused)


@pytest.mark.parametrize("kept", [[], ["package"]])
def test_byte_code_is_imported_with_and_without_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: list[str]
) -> None:
    monkeypatch.setattr(slim, "PACKAGES", tmp_path)
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir()
    module.write_text("print('imported')")
    slim.compile_module(module, kept)
    assert module.exists() == bool(kept)
    command = [sys.executable, "-c", "import package.module"]
    assert subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout == b"imported\n"


def test_an_interpreter_of_the_base_image_gets_byte_code_in_a_layer_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slim, "INTERPRETER", tmp_path / "interpreter")
    module = tmp_path / "module.py"
    module.write_text("")
    slim.compile_module(module, [])
    assert module.exists()
    assert [file.suffix for file in (tmp_path / "interpreter").rglob("*.*")] == [".pyc"]


def test_layers_of_the_base_image_do_not_count() -> None:
    history = [{"CreatedBy": layer.instruction, "Size": str(layer.size)} for layer in LAYERS]
    history.append({"CreatedBy": "FROM base", "Size": "99"})
    assert image_report.read_layers("\n".join(map(json.dumps, history))) == LAYERS


def test_an_image_without_the_label_of_its_base_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no `LABEL org\.opencontainers\.image\.base\.name`"):
        image_report.read_layers('{"CreatedBy": "FROM base", "Size": "99"}')


@pytest.mark.parametrize(("budget", "fits"), [(1_000_000, True), (999_999, False)])
def test_an_image_over_its_budget_fails_the_report(budget: int, fits: bool) -> None:
    text, within = image_report.report(LAYERS, {"small": 1, "large": 2_000_000}, budget)
    assert within == fits
    assert ("raise budget-mb" in text) != fits
    assert text.index("large") < text.index("small")
