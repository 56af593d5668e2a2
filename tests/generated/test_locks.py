"""Locks: the same for every package manager and on every day, and of wheels alone for every platform."""

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, FACTS, Answers, complete
from cleo.io.null_io import NullIO
from jinja2 import Environment
from locks import (
    BUILD_TOOLS,
    DAYS_TO_RIPEN,
    TENSORS,
    TRACING,
    VARIANTS,
    find_distributions,
    find_variants,
    merge,
    python_versions,
    write_condition,
)
from packaging.requirements import Requirement
from poetry.factory import Factory
from poetry_plugin_export.exporter import Exporter
from project import CommandFailedError, contents, render, run
from render.renderer import render_in_memory, write

PLATFORMS = {"glibc": "manylinux_2_28", "musl": "unknown-linux-musl"}
# Of each distribution, its name and version: the hashes that are good.
Lock = dict[tuple[str, str], set[str]]

every_variant = pytest.mark.parametrize(
    ("runtime", "variant"),
    [(runtime, variant) for runtime in CHOICES["model_runtime"] for variant in find_variants(runtime)],
    ids=lambda value: value if isinstance(value, str) else "-".join(VARIANTS[value].values()),
)
every_version = pytest.mark.parametrize("version", CHOICES["python_version"])


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_hook_makes_a_lock_that_agrees_with_pyproject_and_is_the_same_again(
    project: Path, answers: Answers, tmp_path: Path
) -> None:
    lock = (project / "uv.lock").read_bytes()
    run(["uv", "lock", "--check"], project)
    run(["make", "lock"], project)
    assert (project / "uv.lock").read_bytes() == lock
    assert (render(answers, tmp_path / "again") / "uv.lock").read_bytes() == lock
    # The lock is all that the hooks add.
    (project / "uv.lock").unlink()
    assert contents(project) == contents(render(answers, tmp_path / "without", hooks=False))


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_lock_holds_nothing_newer_than_its_date_and_an_upgrade_nothing_of_the_last_week(
    project: Path,
) -> None:
    def find_newest() -> str:
        lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
        assert lock["options"]["exclude-newer-span"] == f"P{DAYS_TO_RIPEN}D"
        return max(wheel["upload-time"] for package in lock["package"] for wheel in package.get("wheels", []))

    assert find_newest() <= FACTS["_exclude_newer"]
    run(["make", "upgrade"], project)
    assert find_newest() <= f"{datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_a_dependency_can_be_added_to_a_new_project(project: Path) -> None:
    run(["uv", "add", "--no-sync", "rich"], project, VIRTUAL_ENV="")
    run(["make", "lock"], project)
    assert 'name = "rich"' in (project / "uv.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a project with these answers, rendered once and without hooks."""

    @cache
    def render_once(runtime: str, manager: str, version: str, variant: tuple[bool, bool]) -> Path:
        answers = {"model_runtime": runtime, "package_manager": manager, "python_version": version}
        return write(render_in_memory(answers | VARIANTS[variant]), tmp_path_factory.mktemp(runtime))

    return render_once


@pytest.fixture(scope="module")
def requirements(directory: Callable[..., Path]) -> Callable[..., str]:
    """Return what a package manager has locked for all Pythons, in the form that pip reads."""

    @cache
    def export(runtime: str, manager: str, development: bool, variant: tuple[bool, bool]) -> str:
        project = directory(runtime, manager, python_versions()[0], variant)
        if manager == "uv":
            options = ["--quiet", f"--python={DEFAULTS['python_version']}", "--no-emit-project"]
            options += ["--no-annotate", "--exclude-newer", FACTS["_exclude_newer"]]
            return run(["uv", "export", *options, *([] if development else ["--no-dev"])], project)
        if manager == "poetry":
            # What `poetry export` does, without a start of Poetry for each.
            exporter = Exporter(Factory().create_poetry(project), NullIO())
            exporter.only_groups(["main", "dev"] if development else ["main"])
            exporter.export("requirements.txt", project, "exported.txt")
            return (project / "exported.txt").read_text(encoding="utf-8")
        name = "requirements-dev.txt" if development else "requirements.txt"
        return (project / name).read_text(encoding="utf-8")

    return export


def read_requirements(text: str, environment: dict[str, str]) -> Lock:
    """Return what pip would install from a requirements file, with the hashes that it would accept."""
    lock = {}
    for entry in re.split(r"\n(?=\w)", re.sub(r"(?m)^#.*\n", "", text)):
        requirement = Requirement(entry.partition("\\")[0].partition(" --hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (version,) = requirement.specifier
            lock[requirement.name, version.version] = set(re.findall(r"sha256:(\w+)", entry))
    return lock


@pytest.mark.parametrize("development", [False, True], ids=["service", "development"])
@every_variant
def test_all_package_managers_lock_the_same(
    requirements: Callable[..., str], runtime: str, variant: tuple[bool, bool], development: bool
) -> None:
    texts = [requirements(runtime, manager, development, variant) for manager in ("uv", "pip", "poetry")]
    for architecture in FACTS["_architectures"]:
        for version in CHOICES["python_version"]:
            environment = {"sys_platform": "linux", "platform_machine": architecture, "os_name": "posix"}
            environment |= {"python_version": version, "python_full_version": f"{version}.1"}
            environment |= {"platform_system": "Linux", "implementation_name": "cpython"}
            environment |= {"platform_python_implementation": "CPython"}
            uv, pip, poetry = (read_requirements(text, environment) for text in texts)
            assert pip == poetry
            assert pip.keys() == uv.keys()
            # uv keeps the hashes of those wheels alone that fit the project.
            assert all(uv[distribution] and uv[distribution] <= pip[distribution] for distribution in uv)


@every_version
@every_variant
def test_poetry_finds_that_its_lock_agrees_with_pyproject(
    directory: Callable[..., Path], runtime: str, variant: tuple[bool, bool], version: str
) -> None:
    # What `poetry check --lock` asks, without a start of Poetry for each.
    assert Factory().create_poetry(directory(runtime, "poetry", version, variant)).locker.is_fresh()


def find_wheels(requirements: Path, target: Path, libc: str, architecture: str, version: str) -> None:
    """Find a wheel with the right hash for all that a requirements file names, without installing it."""
    command = ["uv", "pip", "install", "--dry-run", "--quiet", "--no-python-downloads", f"--target={target}"]
    command += ["--python-version", version, "--python-platform", f"{architecture}-{PLATFORMS[libc]}"]
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements)]
    run(command, target)


def find_platforms(*, supported: bool) -> list[tuple[str, str, str]]:
    """Return every model runtime with the platforms that it has wheels for, by the table, or has none for."""
    return [
        (runtime, libc, architecture)
        for runtime, facts in FACTS["_model_runtimes"].items()
        for libc in PLATFORMS
        for architecture in FACTS["_architectures"]
        if (architecture in facts["wheels"][libc]) == supported
    ]


@every_version
@pytest.mark.parametrize(("runtime", "libc", "architecture"), find_platforms(supported=True))
def test_all_that_is_locked_is_there_as_wheels(
    directory: Callable[..., Path], tmp_path: Path, runtime: str, libc: str, architecture: str, version: str
) -> None:
    everything = directory(runtime, "pip", version, max(find_variants(runtime)))
    # Nobody develops in the image: what is for development alone needs no wheel for musl.
    name = "requirements-dev.txt" if libc == "glibc" else "requirements.txt"
    find_wheels(everything / name, tmp_path, libc, architecture, version)


@pytest.mark.parametrize("manager", CHOICES["package_manager"])
def test_the_engine_is_installed_for_development_alone(
    requirements: Callable[..., str], manager: str
) -> None:
    [name] = [Requirement(text).name for text in FACTS["_servings"]["engine"]["development"]]
    variant = (False, False)
    assert f"\n{name}==" in requirements("llama-cpp", manager, True, variant)
    assert f"\n{name}==" not in requirements("llama-cpp", manager, False, variant)


@every_version
@pytest.mark.parametrize("architecture", FACTS["_architectures"])
@pytest.mark.parametrize("libc", PLATFORMS)
def test_all_that_builds_is_there_as_wheels(
    tmp_path: Path, libc: str, architecture: str, version: str
) -> None:
    find_wheels(BUILD_TOOLS, tmp_path, libc, architecture, version)


@every_version
@pytest.mark.parametrize(("runtime", "libc", "architecture"), find_platforms(supported=False))
def test_what_the_table_says_has_no_wheels_has_none(
    directory: Callable[..., Path], runtime: str, libc: str, architecture: str, version: str
) -> None:
    names = [Requirement(text).name for text in FACTS["_model_runtimes"][runtime]["requirements"]]
    command = ["uv", "pip", "compile", "--quiet", "--no-python-downloads", "--only-binary", ":all:"]
    command += ["--python-version", version, "--python-platform", f"{architecture}-{PLATFORMS[libc]}"]
    command += ["--exclude-newer", FACTS["_exclude_newer"], "pyproject.toml"]
    with pytest.raises(CommandFailedError, match=f"({'|'.join(names)}).* has no"):
        run(command, directory(runtime, "uv", version, (False, False)))


def test_a_merged_lock_has_each_block_once_with_the_answers_that_need_it() -> None:
    both = {(True, True): ["b==1\n", "c==1\n"], (True, False): ["b==1\n"], (False, True): ["c==1\n"]}
    texts = {variant: "".join(["# all\na==1\n  hash\n", *both.get(variant, [])]) for variant in VARIANTS}
    assert merge(texts, r"[\w#]") == (
        "# all\na==1\n  hash\n"
        f"{{% if {TENSORS} %}}\nb==1\n{{% endif %}}\n"
        f"{{% if {TRACING} %}}\nc==1\n{{% endif %}}\n"
    )


@pytest.mark.parametrize("wanted", [{(True, True)}, {(False, True), (True, False)}, {(False, False)}])
def test_a_condition_holds_for_its_variants_alone(wanted: set[tuple[bool, bool]]) -> None:
    expression = Environment().compile_expression(write_condition(wanted, VARIANTS.keys()))  # noqa: S701
    held = {variant for variant, answers in VARIANTS.items() if expression(cookiecutter=complete(answers))}
    assert held == wanted


def test_no_project_may_bear_the_name_of_what_it_is_made_of() -> None:
    assert find_distributions() == FACTS["_distributions"], "run `make locks`"
