"""The benchmark of images: its pages, its goals, and that what it compares can be compared."""

from itertools import pairwise

import pytest
from images.figures import Figures, read_figures
from images.page import DOCS, make_files
from images.subject import keep_caches_apart, trust
from images.subjects import DOCKERFILES, PAIRS, RELEASES, STEPS
from images.tables import COLUMNS

MEGABYTE = 1_000_000


def test_the_pages_and_their_charts_are_made_of_what_was_measured() -> None:
    for name, text in make_files(read_figures()).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name}: run `make docs`"


def test_every_figure_of_the_tables_was_measured() -> None:
    run = read_figures().run
    for kind, columns in COLUMNS.items():
        assert run[kind], kind
        assert all(columns.keys() <= cell.keys() for cell in run[kind])


def test_goals_are_held_against_the_same_run() -> None:
    def cell(name: str, **figures: float) -> dict[str, float | str]:
        return {"name": name, **figures}

    service = {"size": 139 * MEGABYTE, "code_changed": 1.6, "pushed": 150_000}
    figures = Figures(
        {
            "tiny": [
                cell("ours-alpine", size=58 * MEGABYTE, above_base=15 * MEGABYTE),
                cell("ours-distroless", size=61 * MEGABYTE, above_base=33 * MEGABYTE),
                cell("ours-slim", size=130 * MEGABYTE, above_base=14 * MEGABYTE),
                cell("two-stages", dependency_changed=4),
                cell("uv", dependency_changed=1),
            ],
            "services": [
                cell(f"service-{base}{suffix}", **service, first_prediction=seconds)
                for base in ("slim", "distroless")
                for suffix, seconds in (("", 0.8), ("-no-bytecode", 2.0))
            ],
            "managers": [
                cell("manager-uv", install=0.5, dependency_changed=3),
                cell("manager-pip", install=2, dependency_changed=6),
            ],
        }
    )
    found = {goal.what: (goal.found, goal.met) for goal in figures.goals()}
    assert found == {
        "tiny application, alpine, image": (58, True),
        "tiny application, distroless, image": (61, False),
        "tiny application, slim, above its base": (14, True),
        "ONNX Runtime, distroless, image": (139, True),
        **{
            f"{what}, {base}": pytest.approx(expected)
            for base in ("slim", "distroless")
            for what, expected in (
                ("start to first prediction", (0.8, True)),
                ("the same against no byte code", (0.4, True)),
                ("build after a line of code", (1.6, False)),
                ("pushed after that", (150, True)),
            )
        },
        "a dependency changed, the install, pip against uv": (4, True),
        "a dependency changed, the lesson's two stages, pip against uv": (4, True),
        "a dependency changed, the whole build of a project, pip against uv": (2, False),
    }


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


def test_each_change_of_a_dependency_is_one_of_one_dependency_and_new_to_the_build() -> None:
    assert len(set(PAIRS)) == len(PAIRS)
    for number in range(len(next(iter(RELEASES.values())))):
        assert PAIRS[number] == (number,) * len(RELEASES)
    for before, after in pairwise(PAIRS[2:]):
        assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_every_dockerfile_of_the_lesson_is_a_step_of_it() -> None:
    names = {dockerfile for _, dockerfile, _ in STEPS.values()}
    assert names == {path.name.removesuffix(".Dockerfile") for path in DOCKERFILES.iterdir()}
