from small_image import RECORD, SITE, STEPS, small_image

from image.layers import File
from image.packages import Package, describe, find_python, find_source, kind, list_packages


def test_files_and_byte_code_are_counted_for_the_package_that_they_belong_to() -> None:
    packages = list_packages(small_image())
    assert packages[0] == Package("demo-pack", "1.0", 610 + len(RECORD), 40)
    assert packages[1:] == [Package("other", "2.1", 307, 0), Package("stray.py", "", 3, 0)]


def test_without_records_files_are_counted_by_their_directory() -> None:
    steps = [
        (
            text,
            None if files is None else {path: data for path, data in files.items() if "RECORD" not in path},
        )
        for text, files in STEPS
    ]
    assert {package.name for package in list_packages(small_image(steps))} == {
        "demo",
        "_demo.so",
        "other",
        "stray.py",
    }


def test_an_image_without_packages_has_none() -> None:
    installed = ("COPY /dependencies", "COPY /bytecode")
    image = small_image([step for step in STEPS if not step[0].startswith(installed)])
    assert list_packages(image) == []
    assert find_python(image) == ""


def test_the_python_of_the_packages_is_found() -> None:
    assert find_python(small_image()) == "3.13"


def test_the_source_of_byte_code_is_beside_it() -> None:
    assert find_source("opt/demo/__pycache__/app.cpython-312.opt-1.pyc") == "opt/demo/app.py"
    assert find_source("opt/demo/app.pyc") == "opt/demo/app.pyc"
    assert find_source("app/a.py") == "app/a.py"


def test_each_layer_is_named_by_what_most_of_it_is() -> None:
    image = small_image()
    assert [describe(layer, image) for layer in image.layers] == ["packages", "byte code", "application"]


def test_each_file_is_of_one_kind() -> None:
    image = small_image()
    kinds = {
        f"{SITE}/demo/a.py": "packages",
        "usr/local/lib/python3.13/os.py": "interpreter",
        "usr/local/bin/python3.13": "interpreter",
        "app/pyproject.toml": "application",
        "usr/lib/python3.13/__pycache__/os.cpython-313.pyc": "byte code",
        "usr/lib/python3.13/os.pyc": "interpreter",
        f"{SITE}/demo/a.pyc": "packages",
        "etc/passwd": "other files",
    }
    assert {path: kind(File(path, 1), image) for path in kinds} == kinds
