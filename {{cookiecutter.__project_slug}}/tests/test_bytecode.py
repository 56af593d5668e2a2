import marshal
import subprocess
import sys
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

import bytecode
from bytecode import add, name, replace


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bytecode, "LAYER", tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def ask(layer: Path) -> str:
    """Return the answer of a module in the layer."""
    command = [sys.executable, "-B", "-c", "import answers; print(answers.ANSWER)"]
    return subprocess.run(command, cwd=layer, capture_output=True, text=True, check=True).stdout.strip()


def test_a_source_is_called_what_it_will_be_called_in_the_image(layer: Path) -> None:
    assert name(layer / "app" / "main.py") == "/app/main.py"
    assert name(Path("/elsewhere/main.py")) == "/elsewhere/main.py"


def test_byte_code_in_place_of_its_source_is_imported(layer: Path) -> None:
    source = write(layer / "answers.py", "ANSWER = 7\n")
    replace([source])
    assert [path.name for path in layer.iterdir()] == ["answers.pyc"]
    assert ask(layer) == "7"
    assert marshal.loads((layer / "answers.pyc").read_bytes()[16:]).co_filename == "/answers.py"  # noqa: S302


def test_what_is_no_python_stays_as_it_is(layer: Path) -> None:
    source = write(layer / "template.py", "import $name\n")
    replace([source])
    assert [path.name for path in layer.iterdir()] == ["template.py"]


def test_byte_code_of_the_application_holds_for_the_content_of_its_source(
    layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(layer / "answers.py", "ANSWER = 7\n")
    monkeypatch.setattr(sys, "argv", ["", str(layer)])
    bytecode.main()
    code = Path(cache_from_source(str(source))).read_bytes()
    assert (code[4:8], code[8:16]) == (b"\3\0\0\0", source_hash(source.read_bytes()))
    write(source, "ANSWER = 8\n")
    assert ask(layer) == "8"


def test_byte_code_of_what_is_listed_is_not_compared_with_anything(
    layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(layer / "answers.py", "ANSWER = 7\n")
    listing = write(tmp_path / "imports", f"{source}\n")
    monkeypatch.setattr(sys, "argv", ["", str(listing)])
    bytecode.main()
    write(source, "ANSWER = 8\n")
    assert ask(layer) == "7"


def test_the_same_source_gives_the_same_bytes(layer: Path) -> None:
    source = write(
        layer / "answers.py", "ANSWER = frozenset('abc')\n\n\ndef ask():\n    return {1, 'a', None}\n"
    )
    add([source], PycInvalidationMode.CHECKED_HASH)
    [target] = layer.glob("__pycache__/*.pyc")
    first = target.read_bytes()
    source.touch()
    add([source], PycInvalidationMode.CHECKED_HASH)
    assert target.read_bytes() == first


def test_byte_code_is_taken_from_a_build_before_if_all_that_it_is_made_of_is_the_same(
    layer: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path_factory.mktemp("kept")
    monkeypatch.setattr(bytecode, "KEPT", kept)
    source = write(layer / "answers.py", "ANSWER = 7\n")
    target = Path(cache_from_source(str(source)))
    add([source], PycInvalidationMode.UNCHECKED_HASH)
    [first] = kept.iterdir()
    assert first.read_bytes() == target.read_bytes()
    first.write_bytes(b"taken")
    add([source], PycInvalidationMode.UNCHECKED_HASH)
    assert target.read_bytes() == b"taken"
    write(source, "ANSWER = 8\n")
    add([source], PycInvalidationMode.UNCHECKED_HASH)
    add([write(layer / "other.py", "ANSWER = 7\n")], PycInvalidationMode.UNCHECKED_HASH)
    add([source], PycInvalidationMode.CHECKED_HASH)
    monkeypatch.setenv("PYTHONNODEBUGRANGES", "1")
    add([source], PycInvalidationMode.CHECKED_HASH)
    assert len(list(kept.iterdir())) == 5
    assert ask(layer) == "8"


def test_what_is_no_python_is_not_kept(layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(bytecode, "KEPT", kept)
    replace([write(layer / "template.py", "import $name\n")])
    assert list(kept.iterdir()) == []
