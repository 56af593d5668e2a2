"""The option table: every choice is whole, and nothing is left over."""

import hashlib
import re

import pytest
from answers import CHOICES, FACTS, ONE_EACH, OPTIONS, PROMPTS, REFUSED, SUPPORTED, TABLE, TEMPLATE
from train_samples import CHECKSUMS, list_checksums, sample_files

TABLES = {
    "base_image": "_base_images",
    "package_manager": "_package_managers",
    "model_layout": "_model_layouts",
    "model_volume": "_model_volumes",
    "model_runtime": "_model_runtimes",
    "tracing": "_tracing",
}
# A folder of one file for each choice.
PARTIALS = [
    ("package_manager", "ci", ".yml"),
    ("package_manager", "dockerfile/builder", ".j2"),
    ("package_manager", "makefile/manager", ".mk"),
    ("package_manager", "pyproject", ".toml"),
    ("package_manager", "readme/private_index", ".md"),
    ("model_layout", "env/layout", ""),
    ("model_layout", "example_model", ".py"),
    ("model_layout", "model_repository", ".py"),
    ("model_layout", "model_store", ".py"),
    ("model_layout", "models/layout", ".md"),
    ("model_layout", "test_model_repository", ".py"),
    ("model_volume", "compose/mount", ".yaml"),
    ("model_volume", "env/volume", ""),
    ("model_volume", "makefile/volume", ".mk"),
    ("model_volume", "models/volume", ".md"),
    ("model_runtime", "locks/poetry", ".lock"),
    ("model_runtime", "model_runtime", ".py"),
]
SAMPLE_PARTIALS = [
    ("sample", "examples/infer", ".json"),
    ("sample", "examples/predict", ".json"),
    ("sample", "model_card", ".md"),
    ("sample", "predictor", ".py"),
    ("sample", "test_predictor", ".py"),
    ("sample_format", "sample_checksums", ""),
]


def test_every_option_has_a_prompt_and_every_prompt_an_option() -> None:
    assert PROMPTS.keys() == OPTIONS.keys()


@pytest.mark.parametrize("option", CHOICES)
def test_every_choice_says_what_it_means_in_one_line(option: str) -> None:
    lines = {choice: line for choice, line in PROMPTS[option].items() if choice != "__prompt__"}
    assert list(lines) == CHOICES[option]
    for choice, line in lines.items():
        assert line.startswith(f"{choice}: ")
        assert len(line) <= 71  # eighty columns, with the number that is set before


@pytest.mark.parametrize("option", TABLES)
def test_every_choice_has_facts_and_all_facts_of_an_option_have_the_same_form(option: str) -> None:
    facts = FACTS[TABLES[option]]
    assert list(facts) == CHOICES[option]
    assert len({tuple(entry) for entry in facts.values()}) == 1


@pytest.mark.parametrize(("option", "folder", "suffix"), PARTIALS)
def test_every_choice_has_a_partial_and_every_partial_a_choice(option: str, folder: str, suffix: str) -> None:
    partials = {path.name.removesuffix(suffix) for path in (TEMPLATE / "templates" / folder).iterdir()}
    assert partials - {"__pycache__"} == set(CHOICES[option])


@pytest.mark.parametrize(("fact", "folder", "suffix"), SAMPLE_PARTIALS)
def test_every_sample_is_whole_and_none_is_left_over(fact: str, folder: str, suffix: str) -> None:
    partials = {path.name.removesuffix(suffix) for path in (TEMPLATE / "templates" / folder).iterdir()}
    assert partials == {runtime[fact] for runtime in FACTS["_model_runtimes"].values()}


def test_every_sample_is_known_by_the_checksums_of_its_files() -> None:
    for form, files in sample_files().items():
        listing = (CHECKSUMS / form).read_text(encoding="utf-8")
        assert listing == list_checksums(files), "run `make sample-models`"
        commit = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
        runtimes = [each for each in FACTS["_model_runtimes"].values() if each["sample_format"] == form]
        assert {each["sample_commit"] for each in runtimes} == {commit}, "run `make sample-models`"


def test_every_model_runtime_has_requirements_files_and_every_one_of_them_a_model_runtime() -> None:
    files = {path.name for path in (TEMPLATE / "templates" / "locks" / "pip").iterdir()}
    assert files == {
        f"{runtime}{suffix}" for runtime in CHOICES["model_runtime"] for suffix in (".txt", "-dev.txt")
    }


def test_every_partial_is_included_somewhere() -> None:
    sources = [TEMPLATE / "{{cookiecutter.__project_slug}}", TEMPLATE / "templates"]
    files = [path for source in sources for path in source.rglob("*") if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in files)
    includes = set(re.findall(r'{% include "([^"]+)"', text))
    for partial in (TEMPLATE / "templates").rglob("*.*"):
        path = partial.relative_to(TEMPLATE / "templates").as_posix()
        if "__pycache__" not in path:
            assert path in includes or f"{path.rpartition('/')[0]}/" in includes, f"{path} is an orphan"


def test_every_fact_is_used() -> None:
    folders = ["{{cookiecutter.__project_slug}}", "templates", "hooks", "tools"]
    files = [path for folder in folders for path in (TEMPLATE / folder).rglob("*") if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in files)
    text += str(TABLE["__derived"]) + str(TABLE["__sample_files"])
    for table in TABLES.values():
        for fact in next(iter(FACTS[table].values())):
            assert re.search(rf'\.{fact}\b|\["{fact}"\]', text), f"nothing reads {table}.{fact}"


def test_no_key_is_rendered_that_a_record_for_a_replay_may_lack() -> None:
    # cookiecutter renders what a record lacks, without what it holds, and fails: put it in `__derived`.
    rendered = {name for name in TABLE if name.startswith("__")}
    assert rendered == {"__prompts__", "__project_slug", "__sample_format", "__sample_files", "__derived"}


def test_the_options_that_matter_most_come_right_after_the_names() -> None:
    assert list(OPTIONS)[:9] == [
        *("project_name", "project_slug", "description", "author"),
        *("base_image", "package_manager", "model_layout", "model_volume", "model_runtime"),
    ]


def test_only_runtimes_without_a_wheel_are_refused() -> None:
    assert {(answers["base_image"], answers["model_runtime"]) for answers in REFUSED} == {
        ("alpine", "onnxruntime"),
        ("alpine", "scikit-learn"),
    }


def test_every_choice_can_be_had() -> None:
    for option, choices in CHOICES.items():
        assert {answers[option] for answers in SUPPORTED} == set(choices)
        assert {answers[option] for answers in ONE_EACH} == set(choices)
