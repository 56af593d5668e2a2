import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

import bytecode
import trim
from trim import normal, trim_environment, trim_interpreter

PLAN = """
[environment]
"bin/[!p]*" = "commands"

[distributions.fast-answers]
requirements.colours = "for a terminal"
"answers/**/tests" = "tests"
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile in this process."""
    monkeypatch.setattr(bytecode, "replace", lambda sources: list(map(bytecode.replace_one, sorted(sources))))


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    return tmp_path / "venv" / "lib" / "python3" / "site-packages"


def install(site_packages: Path, distribution: str, files: list[str], requires: list[str]) -> None:
    """Put files there as an installer would."""
    info = f"{distribution.replace('-', '_')}-1.dist-info"
    for file in [*files, f"{info}/INSTALLER"]:
        path = site_packages / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    metadata = [f"Name: {distribution}", "Version: 1", *(f"Requires-Dist: {name}" for name in requires)]
    (site_packages / info / "METADATA").write_text("\n".join(metadata) + "\n")
    claimed = [*files, f"{info}/INSTALLER", f"{info}/METADATA", f"{info}/RECORD"]
    (site_packages / info / "RECORD").write_text("".join(f"{file},sha256=x,0\n" for file in claimed))


def trim_project(site_packages: Path, *asked_for: str) -> dict[str, list[str]]:
    """Trim for a project, and return what is left and claimed of each distribution."""
    pyproject = site_packages / "pyproject.toml"
    pyproject.write_text(f"[project]\ndependencies = {list(asked_for)}\n")
    trim_environment(site_packages.parents[2], pyproject, tomllib.loads(PLAN))
    found = distributions(path=[str(site_packages)])
    return {
        distribution.name: [str(file) for file in distribution.files or () if "dist-info" not in str(file)]
        for distribution in found
    }


def test_names_are_spelt_as_indexes_spell_them() -> None:
    assert normal("Fast_Answers[all]>=1; python_version > '3'") == "fast-answers"
    assert normal("fast.answers") == "fast-answers"


def test_what_is_named_goes_and_what_stays_is_byte_code(site_packages: Path) -> None:
    files = ["answers/__init__.py", "answers/data.txt", "answers/tests/__init__.py", "../../../bin/ask"]
    install(site_packages, "fast-answers", files, [])
    left = trim_project(site_packages, "fast-answers>=1")
    assert left == {"fast-answers": ["answers/__init__.pyc", "answers/data.txt"]}
    assert not (site_packages / "answers" / "tests").exists()
    assert not (site_packages / "answers" / "__init__.py").exists()
    assert list((site_packages.parents[2] / "bin").iterdir()) == []


def test_what_is_not_named_keeps_everything(site_packages: Path) -> None:
    install(site_packages, "others", ["others/__init__.py", "others/tests/__init__.py"], [])
    assert trim_project(site_packages, "others") == {
        "others": ["others/__init__.py", "others/tests/__init__.py"]
    }


def test_a_requirement_that_is_named_unused_goes_with_all_that_it_brought(site_packages: Path) -> None:
    install(site_packages, "fast-answers", ["answers.py"], ["colours>=2", "others"])
    install(site_packages, "colours", ["colours/__init__.py"], ["paint"])
    install(site_packages, "paint", ["paint.py"], [])
    install(site_packages, "others", ["others.py"], [])
    assert trim_project(site_packages, "fast-answers").keys() == {"fast-answers", "others"}
    assert not (site_packages / "colours").exists()
    assert not (site_packages / "paint.py").exists()


@pytest.mark.parametrize("who", ["others", "the project"])
def test_a_requirement_stays_if_anything_else_asks_for_it(site_packages: Path, who: str) -> None:
    install(site_packages, "fast-answers", ["answers.py"], ["colours", "others"])
    install(site_packages, "colours", ["colours.py"], [])
    install(site_packages, "others", ["others.py"], ["colours"] if who == "others" else [])
    asked_for = ["fast-answers"] if who == "others" else ["fast-answers", "colours"]
    assert "colours" in trim_project(site_packages, *asked_for)


@pytest.mark.parametrize(
    ("asked_for", "stays"), [("fast-answers", False), ("Fast_Answers[all, red]>=1", True)]
)
def test_what_an_extra_asks_for_stays_if_somebody_asks_for_the_extra(
    site_packages: Path, asked_for: str, stays: bool
) -> None:
    install(
        site_packages, "fast-answers", ["answers.py"], ["paint ; python_version > '3' and extra == 'red'"]
    )
    install(site_packages, "paint", ["paint.py"], [])
    assert ("paint" in trim_project(site_packages, asked_for)) is stays


def test_what_each_installer_writes_in_its_own_way_is_gone(site_packages: Path) -> None:
    install(site_packages, "others", ["others.py"], [])
    trim_project(site_packages, "others")
    info = site_packages / "others-1.dist-info"
    assert sorted(path.name for path in info.iterdir()) == ["METADATA", "RECORD"]
    assert "INSTALLER" not in (info / "RECORD").read_text()


def test_of_each_line_it_is_said_how_much_it_freed(
    site_packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site_packages, "fast-answers", ["answers/__init__.py"], [])
    trim_project(site_packages, "fast-answers")
    assert "      0.0 kB  answers/**/tests: tests\n" in capsys.readouterr().out


def test_a_standard_library_is_trimmed_and_is_byte_code(tmp_path: Path) -> None:
    for file in ("os.py", "turtle.py"):
        (tmp_path / file).write_text("")
    trim_interpreter(tmp_path, {"interpreter": {"turtle*": "draws"}})
    assert [path.name for path in tmp_path.iterdir()] == ["os.pyc"]


def test_the_plan_gives_a_reason_for_each_line() -> None:
    plan = tomllib.loads(trim.PLAN.read_text(encoding="utf-8"))
    tables = [plan["environment"], plan.get("interpreter", {}), *plan["distributions"].values()]
    tables += [table.pop("requirements", {}) for table in tables]
    assert all(isinstance(why, str) and why for table in tables for why in table.values())
