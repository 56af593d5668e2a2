"""The hook that refuses: one sentence for each thing that cannot work, none for what can."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from answers import FACTS, REFUSED, SUPPORTED, TEMPLATE, complete
from cookiecutter.environment import StrictEnvironment
from pre_gen_project import find_conflicts
from project import Answers


def test_a_runtime_without_a_wheel_is_refused_with_reason_and_way_out() -> None:
    works = sorted({(answers["base_image"], answers["model_runtime"]) for answers in SUPPORTED})
    small = {base for base, facts in FACTS["_base_images"].items() if facts["is_small"]}
    for answers in REFUSED:
        base, runtime = answers["base_image"], answers["model_runtime"]
        if runtime != "llama-cpp":
            bases = [f"{b} (small as well)" if b in small else b for b, r in works if r == runtime]
            runtimes = [r for b, r in works if b == base]
            assert find_conflicts(complete(answers)) == [
                f"{runtime} has no musl wheel, so it cannot be installed on {base}: choose "
                f"base_image={' or '.join(bases)}, or model_runtime={' or '.join(runtimes)}."
            ]


@pytest.mark.parametrize(
    ("answers", "remedy"),
    [
        ({"api": "open-inference"}, "api=predict"),
        ({"model_updates": "live"}, "model_updates=restart"),
        ({"api": "open-inference", "model_updates": "live"}, "api=predict and model_updates=restart"),
    ],
)
def test_what_an_engine_cannot_do_is_refused_with_a_way_out(answers: Answers, remedy: str) -> None:
    assert find_conflicts(complete({"model_runtime": "llama-cpp"} | answers)) == [
        f"llama-cpp is a container of its own: choose {remedy}, or another model_runtime."
    ]


@pytest.mark.parametrize("slug", ["a", "reader", "model-service-2", "a" * 63])
def test_a_slug_that_is_a_label_an_image_and_a_distribution_passes(slug: str) -> None:
    assert find_conflicts(complete({"project_slug": slug})) == []


@pytest.mark.parametrize(
    "slug",
    [
        *("", "-a", "a-", "a--b", "a_b", "a.b", "2a", "A", "a b", "ä", "a\n", "a" * 64),
        *("..", ".", "../evil", "x/..", "/etc", "a/b", "~", "C:\\x", "{{cookiecutter.project_slug}}"),
    ],
)
def test_a_slug_that_cannot_name_everything_is_refused(slug: str) -> None:
    (sentence,) = find_conflicts(complete({"project_slug": slug}))
    assert sentence.startswith(f"project_slug is {slug!r}, but it names the directory")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("slug", "reason"),
    [
        *(
            (slug, "an official image of Docker")
            for slug in ("python", "postgres", "alpine", "nginx", "node")
        ),
        *((slug, "an official image of Docker") for slug in ("redis", "scratch", "debian", "hello-world")),
        *((slug, "a package that the project") for slug in ("fastapi", "onnxruntime", "pytest", "uv", "pip")),
        *((slug, "reserved by Windows") for slug in ("con", "aux", "com1")),
    ],
)
def test_a_slug_that_is_taken_is_refused(slug: str, reason: str) -> None:
    (sentence,) = find_conflicts(complete({"project_slug": slug}))
    assert sentence.startswith(f"project_slug is {slug!r}, which is {reason}")


@pytest.mark.parametrize("option", ["project_name", "description", "author"])
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("two\nlines", "contains the character U+000A"),
        ("nul\0", "contains the character U+0000"),
        ("line\u2028separator", "contains the character U+2028"),
        ("\ufeffmark", "contains the character U+FEFF"),
        ("x" * 201, "has 201 characters"),
    ],
)
def test_a_text_that_is_no_line_is_refused(option: str, text: str, complaint: str) -> None:
    (sentence,) = find_conflicts(complete({option: text}))
    assert sentence.startswith(f"{option} {complaint}")


@pytest.mark.parametrize("text", ['"a" \\ b', "José 🤖", "$HOME ${X} #", "x" * 200, "👩\u200d🔬 {{ x }}"])
def test_any_other_line_of_text_passes(text: str) -> None:
    assert find_conflicts(complete({"description": text})) == []


def test_every_conflict_is_named_at_once() -> None:
    answers = {"project_slug": "A", "description": "", "base_image": "alpine"}
    assert len(find_conflicts(complete(answers))) == 3


def start_hook(answers: dict, directory: Path) -> subprocess.Popen[str]:
    """Start the hook as cookiecutter does, which renders it first, below a process of its own."""
    source = (TEMPLATE / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    script = directory.parent / "hook.py"
    script.write_text(
        StrictEnvironment().from_string(source).render(cookiecutter=complete(answers)), encoding="utf-8"
    )
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, {str(script)!r}]))"
    return subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The directory that cookiecutter has just made."""
    path = tmp_path / "project"
    path.mkdir()
    return path


def test_the_hook_fails_with_the_sentence_where_nothing_else_has_judged(directory: Path) -> None:
    hook = start_hook(REFUSED[0], directory)
    _, told = hook.communicate(timeout=30)
    assert hook.returncode == 1
    assert told.split("\n") == ["", *find_conflicts(complete(REFUSED[0])), "", ""]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_the_hook_interrupts_cookiecutter_rather_than_have_it_remove_files_of_others(directory: Path) -> None:
    (directory / "precious.txt").touch()
    hook = start_hook({"project_slug": "x/.."}, directory)
    hook.communicate(timeout=30)
    assert hook.returncode == -signal.SIGINT


def test_the_hook_says_nothing_of_answers_that_work(directory: Path) -> None:
    hook = start_hook(SUPPORTED[0], directory)
    assert (hook.communicate(timeout=30), hook.returncode) == (("", ""), 0)
