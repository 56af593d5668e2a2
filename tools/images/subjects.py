"""The images that are measured: the steps of the lesson, and what this template makes of the same."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from answers import DEFAULTS, FACTS, Answers, nearest
from project import Project, make, render, run

from images.subject import LESSON, NO_BYTE_CODE, OURS, Locked, Subject, write

HERE = Path(__file__).parent
DOCKERFILES, TINY = HERE / "lesson", HERE / "tiny"
PYTHON = DEFAULTS["python_version"]
BASES = {name: base["runtime_image"].replace("%s", PYTHON) for name, base in FACTS["_base_images"].items()}
FULL = f"python:{PYTHON}"
REQUIREMENTS = ("fastapi", "pydantic", "uvicorn")
EXAMPLE = b'{"numbers": [1, 2, 6]}'
# Two dependencies of all of them. The first three pairs bring all their releases into the caches; each that
# follows differs in one of the two from the pair before, and was never built together.
RELEASES = {"click": ("8.3.0", "8.2.1", "8.1.8"), "annotated-doc": ("0.0.4", "0.0.3", "0.0.2")}
PAIRS = ((0, 0), (1, 1), (2, 2), (2, 0), (1, 0), (1, 2), (0, 2), (0, 1), (2, 1))
EXPORT = ["uv", "export", "--quiet", "--frozen", "--no-hashes", "--no-dev", "--no-emit-project"]

# The steps of the lesson: what each is, its Dockerfile, its base image.
STEPS = {
    "naive": ("full image, one stage, `pip install`", "one_stage", FULL),
    "slim": ("the same, slim", "one_stage", BASES["slim"]),
    "few-layers": ("requirements first, one layer, no caches, slim", "few_layers", BASES["slim"]),
    "two-stages": ("two stages, `pip install --user`, slim", "two_stages_pip", BASES["slim"]),
    "uv": ("two stages, uv, `/usr/local/bin` copied, slim", "two_stages_uv", BASES["slim"]),
    "alpine-uv": ("the same, alpine", "two_stages_uv", BASES["alpine"]),
}


def list_tiny(directory: Path) -> list[Subject]:
    """Return the images of the tiny application: the lesson's, then this template's, all of one lock."""
    ours = [make_ours(base, directory) for base in BASES]
    exported = tuple(export(ours[0], locked) for locked in ours[0].locks)
    lesson = [make_step(name, exported, directory) for name in STEPS]
    return lesson + ours


def list_services(directory: Path) -> list[Subject]:
    """Return the images of a service with a model: the naive one, ours, and ours without byte code."""
    ours = []
    for base in BASES:
        # ONNX models, with the runtime that is the default where there are wheels of it.
        answers = nearest("base_image", base)
        ours.append(of_template(f"service-{base}", f"{base}, {answers['model_runtime']}", answers, directory))
    bare = [without_byte_code(subject) for subject in ours]
    return [make_naive_service(ours[0]), *ours, *bare]


def list_managers(directory: Path) -> list[Subject]:
    """Return the default service with each package manager."""
    return [
        of_template(f"manager-{manager}", manager, nearest("package_manager", manager), directory)
        for manager in FACTS["_package_managers"]
    ]


def of_template(name: str, title: str, answers: Answers, directory: Path) -> Subject:
    """Render a project and return its image."""
    project = Project(render(answers | {"project_slug": f"bench-{name}"}, directory))
    manager = FACTS["_package_managers"][answers["package_manager"]]
    return Subject(
        name=name,
        title=title,
        kind=OURS,
        directory=project.path,
        dockerfile=project.path / "Dockerfile",
        base=BASES[answers["base_image"]],
        code=project.path / "src" / "service" / "predictor.py",
        locks=tuple(lock(project.path, manager["lock_file"])),
        example=project.example().encode(),
        live="/health/live",
        options=("--read-only", "--tmpfs=/tmp", f"--volume={project.path / 'models'}:/models:ro"),
    )


def lock(project: Path, lock_file: str) -> Iterator[Locked]:
    """Give what a project's own command locks for each pair of releases."""
    pyproject = project / "pyproject.toml"
    original = pyproject.read_text(encoding="utf-8")
    for pair in PAIRS:
        chosen = zip(RELEASES, pair, strict=True)
        pins = "".join(f'  "{name}=={RELEASES[name][number]}",\n' for name, number in chosen)
        pinned = original.replace("\ndependencies = [\n", f"\ndependencies = [\n{pins}", 1)
        pyproject.write_text(pinned, encoding="utf-8")
        make("lock", project, PYTHON)
        yield {name: (project / name).read_text(encoding="utf-8") for name in ("pyproject.toml", lock_file)}


def make_ours(base: str, directory: Path) -> Subject:
    """Return this template's image of the tiny application, which takes the place of a rendered service."""
    answers = DEFAULTS | {"base_image": base, "model_runtime": "custom", "project_slug": f"bench-ours-{base}"}
    project = render(answers, directory)
    service = project / "src" / "service"
    shutil.rmtree(service)
    service.mkdir()
    (service / "__init__.py").touch()
    for name in ("main.py", "__main__.py"):
        shutil.copy(TINY / name, service)
    shutil.copy(TINY / "list_imports.py", project / "tools")
    pyproject = project / "pyproject.toml"
    listed = "".join(f'  "{requirement}",\n' for requirement in REQUIREMENTS)
    text = re.sub(r"(?s)(\ndependencies = \[\n).*?\]", rf"\1{listed}]", pyproject.read_text(), count=1)
    pyproject.write_text(text, encoding="utf-8")
    return Subject(
        name=f"ours-{base}",
        title=f"this template, {base}",
        kind=OURS,
        directory=project,
        dockerfile=project / "Dockerfile",
        base=BASES[base],
        code=service / "main.py",
        locks=tuple(lock(project, "uv.lock")),
        example=EXAMPLE,
        options=("--read-only", "--tmpfs=/tmp"),
    )


def export(subject: Subject, locked: Locked) -> Locked:
    """Return the requirements file of a project that uv has locked."""
    write(locked, subject.directory)
    return {"requirements.txt": run(EXPORT, subject.directory)}


def make_step(name: str, locks: tuple[Locked, ...], directory: Path) -> Subject:
    """Return an image of the lesson."""
    title, dockerfile, base = STEPS[name]
    context = directory / name
    context.mkdir()
    shutil.copy(TINY / "main.py", context)
    write(locks[0], context)
    values = {"BASE": base, "PYTHON": PYTHON, "UV": FACTS["_tools"]["uv"]}
    return Subject(
        name=name,
        title=title,
        kind=LESSON,
        directory=context,
        dockerfile=DOCKERFILES / f"{dockerfile}.Dockerfile",
        base=base,
        code=context / "main.py",
        locks=locks,
        example=EXAMPLE,
        arguments=tuple(f"--build-arg={name}={value}" for name, value in values.items()),
    )


def make_naive_service(subject: Subject) -> Subject:
    """Return the naive image of the same service, in the same versions."""
    directory = subject.directory.with_name("bench-service-naive")
    shutil.copytree(subject.directory / "src", directory / "src")
    shutil.copy(subject.directory / "pyproject.toml", directory)
    locks = tuple(export(subject, locked) for locked in subject.locks)
    write(locks[0], directory)
    return replace(
        subject,
        name="service-naive",
        title=STEPS["naive"][0],
        kind=LESSON,
        directory=directory,
        dockerfile=DOCKERFILES / "one_stage.Dockerfile",
        base=FULL,
        code=directory / "src" / "service" / "predictor.py",
        locks=locks,
        arguments=(f"--build-arg=BASE={FULL}",),
        options=("--env=PYTHONPATH=/app/src", subject.options[-1]),
        command=("python", "-m", "service"),
    )


def without_byte_code(subject: Subject) -> Subject:
    """Return the same image without byte code."""
    name = f"{subject.name}-no-bytecode"
    directory = Path(shutil.copytree(subject.directory, subject.directory.with_name(f"bench-{name}")))
    shutil.copy(TINY / "no_bytecode.py", directory / "tools" / "bytecode.py")
    paths = (subject.dockerfile, subject.code)
    dockerfile, code = (directory / path.relative_to(subject.directory) for path in paths)
    title = f"{subject.title}, without byte code"
    return replace(
        subject,
        name=name,
        title=title,
        kind=NO_BYTE_CODE,
        directory=directory,
        dockerfile=dockerfile,
        code=code,
    )
