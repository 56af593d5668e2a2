"""The option table: every choice is complete, and nothing is left over."""

import hashlib
import re

import pytest
from answers import CHOICES, DEFAULTS, FACTS, ONE_EACH, OPTIONS, PROMPTS, REFUSED, SUPPORTED, TABLE, TEMPLATE
from train_samples import CHECKSUMS, list_checksums, sample_files

# The options whose choices have facts, and where they stand.
TABLES = {
    "base_image": "_base_images",
    "package_manager": "_package_managers",
    "model_layout": "_model_layouts",
    "model_volume": "_model_volumes",
    "model_runtime": "_model_runtimes",
    "observability": "_observability",
    "deployment": "_deployments",
}
QUESTIONS = [
    *("project_name", "project_slug", "description", "author"),
    *("base_image", "package_manager", "model_layout", "model_volume", "model_runtime", "python_version"),
    *("api", "model_updates", "observability", "deployment"),
]


def test_the_questions_come_in_the_order_of_what_matters_and_each_has_a_prompt() -> None:
    assert list(OPTIONS) == QUESTIONS
    assert list(PROMPTS) == QUESTIONS


def test_enter_through_all_questions_gives_the_small_project() -> None:
    assert (DEFAULTS["api"], DEFAULTS["model_updates"]) == ("predict", "restart")
    assert not any(FACTS["_observability"][DEFAULTS["observability"]].values())
    assert not any(FACTS["_deployments"][DEFAULTS["deployment"]].values())


@pytest.mark.parametrize("option", CHOICES)
def test_every_choice_says_what_it_means_in_one_line(option: str) -> None:
    lines = {choice: line for choice, line in PROMPTS[option].items() if choice != "__prompt__"}
    assert PROMPTS[option]["__prompt__"].endswith("?")
    assert list(lines) == CHOICES[option]
    for choice, line in lines.items():
        assert line.startswith(f"{choice}: ")
        assert len(line) <= 71  # eighty columns, with the number that is set before


@pytest.mark.parametrize("option", TABLES)
def test_every_choice_has_facts_and_all_facts_of_an_option_have_the_same_form(option: str) -> None:
    facts = FACTS[TABLES[option]]
    assert list(facts) == CHOICES[option]
    assert len({tuple(entry) for entry in facts.values()}) == 1


def read_users_of_facts() -> str:
    """Return the text of everything that may read the table."""
    folders = ["{{cookiecutter.project_slug}}", "templates", "hooks", "tools"]
    paths = [path for folder in folders for path in (TEMPLATE / folder).rglob("*") if path.is_file()]
    # Names of files hold Jinja too.
    text = "\n".join(f"{path} {path.read_text(encoding='utf-8', errors='ignore')}" for path in paths)
    text += (TEMPLATE / "judge_answers.py").read_text(encoding="utf-8")
    return text + str({name: value for name, value in TABLE.items() if name.startswith("__")})


def test_every_fact_is_used() -> None:
    text = read_users_of_facts()
    for table in FACTS:
        if table not in {"_extensions", "_jinja2_env_vars", "_new_lines"}:  # cookiecutter reads these
            assert re.search(rf'\.{table}\b|["\']{table}["\']', text), f"nothing reads {table}"
    for table in TABLES.values():
        for fact in next(iter(FACTS[table].values())):
            assert re.search(rf"\.{fact}\b|[\"']{fact}[\"']", text), f"nothing reads {table}.{fact}"
    for name in [*FACTS["_tools"], *FACTS["_requirements"], *TABLE["__derived"]]:
        assert re.search(rf"\.{name}\b|[\"']{name}[\"']", text), f"nothing reads {name}"


def test_every_sample_is_known_by_the_checksums_of_its_files() -> None:
    for form, files in sample_files().items():
        listing = (CHECKSUMS / form).read_text(encoding="utf-8")
        assert listing == list_checksums(files), "run `make sample-models`"
        commit = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
        runtimes = [each for each in FACTS["_model_runtimes"].values() if each["sample_format"] == form]
        assert {each["sample_commit"] for each in runtimes} == {commit}, "run `make sample-models`"


def test_every_sample_is_described() -> None:
    assert {runtime["sample"] for runtime in FACTS["_model_runtimes"].values()} == FACTS["_samples"].keys()


def test_only_runtimes_without_a_wheel_are_refused() -> None:
    without_engine = [answers for answers in REFUSED if answers["model_runtime"] != "llama-cpp"]
    assert {(answers["base_image"], answers["model_runtime"]) for answers in without_engine} == {
        ("alpine", "onnxruntime"),
        ("alpine", "scikit-learn"),
    }


def test_every_choice_can_be_had() -> None:
    for option, choices in CHOICES.items():
        assert {answers[option] for answers in SUPPORTED} == set(choices)
        assert {answers[option] for answers in ONE_EACH} == set(choices)
