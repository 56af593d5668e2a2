from pathlib import Path

import pytest

from image.budget import read_budget
from image.layers import ImageError


@pytest.mark.parametrize(("stated", "size"), [("150", 150_000_000), ("0.5", 500_000)])
def test_the_budget_is_read_in_bytes(tmp_path: Path, stated: str, size: int) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(f"[tool.image]\nbudget-mb = {stated}\n")
    assert read_budget(pyproject) == size


@pytest.mark.parametrize("stated", ['"150"', "true", "0", "-3", "nan", "inf", "[150]"])
def test_a_budget_that_is_no_size_is_refused(tmp_path: Path, stated: str) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(f"[tool.image]\nbudget-mb = {stated}\n")
    with pytest.raises(ImageError, match="set a number of megabytes above 0"):
        read_budget(pyproject)


@pytest.mark.parametrize("text", ["", "[tool.image]\n", "[tool]\nimage = 3\n"])
def test_a_project_that_states_no_budget_is_told_where_to(tmp_path: Path, text: str) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(text)
    with pytest.raises(ImageError, match=r"states no budget: set budget-mb under \[tool.image\]"):
        read_budget(pyproject)


def test_a_project_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    with pytest.raises(ImageError, match=r"there is no .*pyproject.toml"):
        read_budget(pyproject)
    pyproject.write_text("[")
    with pytest.raises(ImageError, match=r"pyproject.toml is no TOML: "):
        read_budget(pyproject)


def test_this_project_states_its_budget() -> None:
    assert read_budget(Path(__file__).parents[2] / "pyproject.toml") >= 1_000_000
