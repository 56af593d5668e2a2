"""The benchmark of images: its pages, its goals, and that what it compares can be compared."""

import re
from functools import partial
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, nearest
from images.choices import OTHERS, list_choices
from images.figures import Figures, read_figures
from images.page import DOCS, make_files
from images.subject import keep_caches_apart, trust
from images.subjects import DOCKERFILES, STEPS, of_template, without_byte_code
from project import render

MEGABYTE = 1_000_000


def test_the_pages_and_their_chart_are_made_of_what_was_measured() -> None:
    for name, text in make_files(read_figures()).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name}: run `make docs`"


# The table says when to take a layout, and the prompt what there is to say of a version.
@pytest.mark.parametrize("option", sorted(CHOICES.keys() - {"model_layout", "python_version"}))
def test_the_page_says_when_to_take_each_choice(option: str) -> None:
    page = (DOCS / "choosing.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"(?ms)^## `{option}`\n(.*?)^## ", page)
    missing = [choice for choice in CHOICES[option] if f"**{choice}**" not in section]
    assert not missing, f"tools/choosing.md.j2: say when to take {' or '.join(missing)}"


def test_goals_are_held_against_the_same_run() -> None:
    def section(**cells: dict[str, float]) -> dict[str, list]:
        return {"cells": [{"name": name.replace("_", "-"), **cell} for name, cell in cells.items()]}

    service = {"size": 139 * MEGABYTE}
    figures = Figures(
        {
            "tiny": section(ours_alpine={"size": 63 * MEGABYTE}, ours_distroless={"size": 58 * MEGABYTE}),
            "services": section(
                service_slim=service | {"first_prediction": 0.9},
                service_slim_no_bytecode=service | {"first_prediction": 2.0},
                service_distroless=service | {"first_prediction": 0.7},
                service_distroless_no_bytecode=service | {"first_prediction": 1.0},
            ),
        }
    )
    assert {goal.what: (goal.found, goal.met) for goal in figures.goals()} == {
        "FastAPI alone, alpine, image": (63, False),
        "FastAPI alone, distroless, image": (58, True),
        "ONNX Runtime, distroless, image": (139, True),
        "start to first prediction, slim": (0.9, False),
        "the same against no byte code, slim": (pytest.approx(0.45), True),
        "start to first prediction, distroless": (0.7, True),
        "the same against no byte code, distroless": (pytest.approx(0.7), False),
    }


def test_the_readme_gives_the_sizes_that_were_measured() -> None:
    figures = read_figures()
    names = ("naive", "alpine-uv", "ours-slim", "ours-alpine", "ours-distroless")
    cells = [figures.tiny(name) for name in names]
    cells += [figures.service(name) for name in ("naive", "slim", "distroless")]
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    stated = re.findall(r"(?m)^\| .* \| (\d+) MB \| [\d.]+ s \|$", readme)
    assert [int(size) for size in stated] == [round(cell["size"] / MEGABYTE) for cell in cells]


def test_every_choice_that_changes_an_image_or_a_start_is_measured() -> None:
    measured = list_choices()
    assert DEFAULTS in measured
    for option, choices in OTHERS.items():
        assert all(nearest(option, choice) in measured for choice in choices)


def test_caches_are_shared_with_no_other_build() -> None:
    dockerfile = "RUN --mount=type=cache,target=/a --mount=type=cache,id=b,target=/b make\n"
    apart = "RUN --mount=type=cache,id=x/a,target=/a --mount=type=cache,id=x/b,target=/b make\n"
    assert keep_caches_apart(dockerfile, "x") == apart


def test_a_dockerfile_that_knows_no_certificates_gets_them_where_there_are_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CA_BUNDLE", raising=False)
    dockerfile = "FROM base\nRUN --mount=type=cache,target=/a pip install .\n"
    assert trust(dockerfile) == dockerfile
    monkeypatch.setenv("CA_BUNDLE", "/bundle")
    mount = "RUN --mount=type=cache,target=/a --mount=type=secret,id=ca_bundle export PIP_CERT="
    assert mount in trust(dockerfile)
    assert trust(trust(dockerfile)) == trust(dockerfile)


def test_an_image_without_byte_code_differs_in_the_script_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("images.subjects.render", partial(render, hooks=False))
    subject = of_template("service-slim", "slim", DEFAULTS, tmp_path)
    plain = without_byte_code(subject)
    files = [path.relative_to(subject.directory) for path in subject.directory.rglob("*") if path.is_file()]
    differing = [
        file.as_posix()
        for file in files
        if (subject.directory / file).read_bytes() != (plain.directory / file).read_bytes()
    ]
    assert differing == ["tools/slim.py"]
    script = (plain.directory / "tools" / "slim.py").read_text(encoding="utf-8")
    compile(script, "slim.py", "exec")


def test_every_dockerfile_of_the_lesson_is_a_step_of_it() -> None:
    names = {dockerfile for _, dockerfile, _ in STEPS.values()}
    assert names == {path.name.removesuffix(".Dockerfile") for path in DOCKERFILES.iterdir()}
