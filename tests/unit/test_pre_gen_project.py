"""The hook that refuses: one sentence for each thing that cannot work, none for what can."""

import subprocess
import sys

import pytest
from answers import CHOICES, REFUSED, SUPPORTED, TEMPLATE, complete, name
from cookiecutter.environment import StrictEnvironment
from pre_gen_project import find_conflicts


def test_answers_that_work_together_pass() -> None:
    for answers in SUPPORTED:
        assert find_conflicts(complete(answers)) == [], name(answers)


def test_the_readme_quotes_the_refusal_as_it_is() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8").replace("\n> ", " ")
    (sentence,) = find_conflicts(complete({"base_image": "alpine"}))
    assert sentence in readme


def test_the_readme_names_every_choice() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    for option, (default, *others) in CHOICES.items():
        assert f"| `{option}` | {', '.join([f'**{default}**', *others])} |" in readme


def test_a_runtime_without_a_wheel_is_refused_with_reason_and_way_out() -> None:
    # Runtimes for the same kind of file come first.
    others = {"onnxruntime": "tract, custom or model2vec", "scikit-learn": "custom, model2vec or tract"}
    for answers in REFUSED:
        runtime = answers["model_runtime"]
        assert find_conflicts(complete(answers)) == [
            f"{runtime} publishes no musl wheel, so it cannot be installed on alpine: choose "
            f"model_runtime={others[runtime]}, or base_image=distroless or slim."
        ]


@pytest.mark.parametrize("slug", ["a", "reader", "model-service-2", "a" * 63])
def test_a_slug_that_is_a_label_an_image_and_a_distribution_passes(slug: str) -> None:
    assert find_conflicts(complete({"project_slug": slug})) == []


@pytest.mark.parametrize(
    "slug",
    ["", "-a", "a-", "a--b", "a_b", "a.b", "2a", "A", "a b", "ä", "../evil", "a/b", ".", "a\n", "a" * 64],
)
def test_a_slug_that_cannot_name_everything_is_refused(slug: str) -> None:
    (sentence,) = find_conflicts(complete({"project_slug": slug}))
    assert sentence.startswith(f"project_slug is {slug!r}")
    assert "\n" not in sentence


LIBRARIES = ["fastapi", "starlette", "onnxruntime", "pydantic-settings", "pytest"]
INSTALLERS = ["pip", "uv", "poetry", "poetry-plugin-export"]
BUILDERS = ["flit-core", "poetry-core", "uv-build"]


@pytest.mark.parametrize("slug", [*LIBRARIES, *INSTALLERS, *BUILDERS])
def test_a_slug_that_the_project_depends_on_is_refused(slug: str) -> None:
    assert find_conflicts(complete({"project_slug": slug})) == [
        f"project_slug is {slug!r}, which a project itself may depend on: choose another name."
    ]


@pytest.mark.parametrize(
    ("slug", "owner"), [("scratch", "Docker"), ("con", "Windows"), ("aux", "Windows"), ("com1", "Windows")]
)
def test_a_slug_that_is_no_name_of_an_image_or_a_directory_is_refused(slug: str, owner: str) -> None:
    assert find_conflicts(complete({"project_slug": slug})) == [
        f"project_slug is {slug!r}, which {owner} keeps for itself: choose another name."
    ]


@pytest.mark.parametrize("option", ["project_name", "description", "author"])
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("two\nlines", "contains the character U+000A"),
        ("a\ttab", "contains the character U+0009"),
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


def run_hook(answers: dict) -> subprocess.CompletedProcess[str]:
    """Run the hook as cookiecutter does, which renders it first."""
    source = (TEMPLATE / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    script = StrictEnvironment().from_string(source).render(cookiecutter=complete(answers))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_the_hook_fails_with_the_sentence_where_nothing_else_has_judged() -> None:
    result = run_hook(REFUSED[0])
    assert result.returncode == 1
    assert result.stderr.split("\n") == ["", *find_conflicts(complete(REFUSED[0])), "", ""]


def test_the_hook_says_nothing_of_answers_that_work() -> None:
    result = run_hook(SUPPORTED[0])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
