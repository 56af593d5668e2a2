"""The images that are measured: the steps of the lesson, and what this template makes of the same."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from answers import DEFAULTS, FACTS, Answers, nearest
from project import make, render, run

from images.subject import LESSON, NO_BYTE_CODE, OURS, Subject

HERE = Path(__file__).parent
DOCKERFILES, TINY = HERE / "lesson", HERE / "tiny"
PYTHON = DEFAULTS["python_version"]
BASES = {name: base["runtime_image"].replace("%s", PYTHON) for name, base in FACTS["_base_images"].items()}
FULL = f"python:{PYTHON}"
REQUIREMENTS = ("fastapi", "pydantic", "uvicorn")
EXAMPLE = b'{"numbers": [1, 2, 6]}'
EXPORT = ["uv", "export", "--quiet", "--frozen", "--no-hashes", "--no-dev", "--no-emit-project"]
READ_ONLY = ("--read-only", "--tmpfs=/tmp")
# What compiles byte code in a project's tools/slim.py.
COMPILING = r'compile_module\(source, plan\["sources"\]\)|compileall\.compile_dir\(APP, .*\)'

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
    requirements = run(EXPORT, ours[0].directory)
    return [make_step(name, requirements, directory) for name in STEPS] + ours


def list_services(directory: Path) -> list[Subject]:
    """Return the images of a service with a model: the naive one, ours, and ours without byte code."""
    ours = []
    for base in BASES:
        answers = nearest("base_image", base)
        ours.append(of_template(f"service-{base}", f"{base}, {answers['model_runtime']}", answers, directory))
    return [make_naive_service(ours[0]), *ours, *map(without_byte_code, ours)]


def list_managers(directory: Path) -> list[Subject]:
    """Return the default service with each package manager."""
    return [
        of_template(f"manager-{manager}", manager, nearest("package_manager", manager), directory)
        for manager in FACTS["_package_managers"]
    ]


def of_template(name: str, title: str, answers: Answers, directory: Path) -> Subject:
    """Render a project and return its image."""
    project = render(answers | {"project_slug": f"bench-{name}"}, directory)
    return Subject(
        name=name,
        title=title,
        kind=OURS,
        dockerfile=project / "Dockerfile",
        directory=project,
        base=BASES[answers["base_image"]],
        code=project / "src" / "service" / "predictor.py",
        example=(project / "examples" / "predict.json").read_bytes(),
        live="/health/live",
        options=(*READ_ONLY, f"--volume={project / 'models'}:/models:ro"),
    )


def make_ours(base: str, directory: Path) -> Subject:
    """Return this template's image of the tiny application, which takes the place of a rendered service."""
    answers = DEFAULTS | {"base_image": base, "model_runtime": "custom", "project_slug": f"bench-ours-{base}"}
    project = render(answers, directory, hooks=False)
    service = project / "src" / "service"
    shutil.rmtree(service)
    shutil.copytree(TINY, service, ignore=shutil.ignore_patterns("__pycache__"))
    pyproject = project / "pyproject.toml"
    listed = "".join(f'  "{requirement}",\n' for requirement in REQUIREMENTS)
    text = re.sub(r"(?s)(\ndependencies = \[\n).*?\]", rf"\1{listed}]", pyproject.read_text(), count=1)
    pyproject.write_text(text, encoding="utf-8")
    make("lock", project, PYTHON)
    return Subject(
        name=f"ours-{base}",
        title=f"this template, {base}",
        kind=OURS,
        dockerfile=project / "Dockerfile",
        directory=project,
        base=BASES[base],
        code=service / "main.py",
        example=EXAMPLE,
        options=READ_ONLY,
    )


def make_step(name: str, requirements: str, directory: Path) -> Subject:
    """Return an image of the lesson."""
    title, dockerfile, base = STEPS[name]
    context = directory / name
    context.mkdir()
    shutil.copy(TINY / "main.py", context)
    (context / "requirements.txt").write_text(requirements, encoding="utf-8")
    values = {"BASE": base, "PYTHON": PYTHON, "UV": FACTS["_tools"]["uv"]}
    return Subject(
        name=name,
        title=title,
        kind=LESSON,
        dockerfile=DOCKERFILES / f"{dockerfile}.Dockerfile",
        directory=context,
        base=base,
        code=context / "main.py",
        example=EXAMPLE,
        arguments=tuple(f"--build-arg={name}={value}" for name, value in values.items()),
    )


def make_naive_service(subject: Subject) -> Subject:
    """Return the naive image of the same service, in the same versions."""
    directory = subject.directory.with_name("bench-service-naive")
    shutil.copytree(subject.directory / "src", directory / "src")
    shutil.copy(subject.directory / "pyproject.toml", directory)
    (directory / "requirements.txt").write_text(run(EXPORT, subject.directory), encoding="utf-8")
    return replace(
        subject,
        name="service-naive",
        title=STEPS["naive"][0],
        kind=LESSON,
        dockerfile=DOCKERFILES / "one_stage.Dockerfile",
        directory=directory,
        base=FULL,
        code=directory / "src" / "service" / "predictor.py",
        arguments=(f"--build-arg=BASE={FULL}",),
        options=("--env=PYTHONPATH=/app/src", "--env=HOST=0.0.0.0", subject.options[-1]),
        command=("python", "-m", "service"),
    )


def without_byte_code(subject: Subject) -> Subject:
    """Return the same image without byte code."""
    name = f"{subject.name}-no-bytecode"
    directory = Path(shutil.copytree(subject.directory, subject.directory.with_name(f"bench-{name}")))
    slim = directory / "tools" / "slim.py"
    text, found = re.subn(COMPILING, "pass", slim.read_text(encoding="utf-8"))
    if found != 2:
        raise ValueError("tools/slim.py compiles byte code in other places than the benchmark knows")
    slim.write_text(text, encoding="utf-8")
    return replace(
        subject,
        name=name,
        title=f"{subject.title}, without byte code",
        kind=NO_BYTE_CODE,
        dockerfile=directory / "Dockerfile",
        directory=directory,
        code=directory / subject.code.relative_to(subject.directory),
    )
