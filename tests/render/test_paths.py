"""The exact set of files that each combination of answers makes, and names that every system can hold."""

import re
import shutil
from pathlib import Path

import pytest
from answers import DEFAULTS, FACTS, TEMPLATE, Answers, name
from project import commit, contents, run
from render.conftest import Render, Trees
from render.renderer import SOURCE

# The names of the files in each directory, whatever the answers.
ALWAYS = {
    "": """
        .dockerignore .empty .env.example .gitattributes .gitignore .python-version Dockerfile MODELS.md
        Makefile README.md compose.yaml docker-bake.hcl pyproject.toml
    """,
    ".github/workflows": "ci.yml",
    "examples": "infer.json predict.json",
    "monitoring": "prometheus.yml",
    "monitoring/grafana/dashboards": "service.json service.yaml",
    "monitoring/grafana/datasources": "prometheus.yaml",
    "src/service": """
        __init__.py __main__.py about.py app.py dependencies.py errors.py healthcheck.py leaving.py
        model_runtime.py models.py predictor.py problems.py server.py settings.py tensors.py
    """,
    "src/service/connections": "__init__.py connection.py joined_writes.py listening.py",
    "src/service/middleware": "__init__.py api_key.py body_limit.py observing.py shortcut.py",
    "src/service/open_inference": """
        __init__.py binary_tensors.py infer_request.py infer_response.py json_fields.py json_tensors.py
    """,
    "src/service/resources": "__init__.py cgroup.py cpu.py garbage.py memory.py",
    "src/service/routes": """
        __init__.py example_model.py health.py infer.py infer_schema.py open_inference.py predict.py
        prometheus.py root.py
    """,
    "src/service/serving": """
        __init__.py alarms.py beside.py deadline.py executor.py inference.py loader.py readiness.py
        reloading.py row_wise.py served_model.py
    """,
    "src/service/telemetry": "__init__.py log_writer.py logs.py metrics.py",
    "src/service/volume": """
        __init__.py checksums.py files.py fingerprint.py model_repository.py model_store.py
        model_version.py staging.py
    """,
    "tests": """
        conftest.py malformed.py small_image.py test_about.py test_app.py test_bytecode.py test_clock.py
        test_healthcheck.py test_leaving.py test_malformed_requests.py test_model_runtime.py
        test_models.py test_monitoring.py test_predictor.py test_problems.py test_server.py
        test_settings.py test_tensors.py test_trim.py
    """,
    "tests/connections": "test_connection.py test_joined_writes.py test_listening.py",
    "tests/image": """
        test_budget.py test_check.py test_docker.py test_layers.py test_naive.py test_packages.py
        test_picture.py test_report.py test_text.py
    """,
    "tests/middleware": "test_api_key.py test_body_limit.py test_observing.py test_shortcut.py",
    "tests/open_inference": """
        test_binary_tensors.py test_infer_request.py test_infer_response.py test_json_fields.py
        test_json_tensors.py
    """,
    "tests/resources": "test_cgroup.py test_cpu.py test_garbage.py test_memory.py",
    "tests/routes": """
        test_health.py test_infer.py test_infer_schema.py test_open_inference.py test_predict.py
        test_prometheus.py test_root.py
    """,
    "tests/serving": """
        test_alarms.py test_beside.py test_deadline.py test_executor.py test_inference.py test_loader.py
        test_readiness.py test_reloading.py test_row_wise.py test_served_model.py
    """,
    "tests/telemetry": "test_log_writer.py test_logs.py test_metrics.py",
    "tests/volume": """
        test_checksums.py test_files.py test_fingerprint.py test_hostile_volumes.py
        test_model_repository.py test_model_store.py
    """,
    "tools": "bytecode.py list_imports.py trim.py trim.toml",
    "tools/image": """
        __init__.py budget.py check.py docker.py layers.py naive.py packages.py picture.py report.py
        text.py
    """,
}
LOCKS = {
    "uv": [],
    "pip": ["requirements.txt", "requirements-dev.txt"],
    "poetry": ["poetry.lock", "poetry.toml", "tools/poetry.txt"],
}
SAMPLES = {
    "onnxruntime": ["model.onnx"],
    "tract": ["model.onnx"],
    "scikit-learn": ["model.skops"],
    "model2vec": ["LICENSE", "config.json", "model.safetensors", "tokenizer.json"],
    "custom": ["model.safetensors"],
}
# What Windows keeps for devices, whatever comes after a dot, and what no name may hold or end in there.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
NAME = re.compile(r'[^<>:"/\\|?*\x00-\x1f]*[^<>:"/\\|?*\x00-\x1f .]')
# Of the 260 characters of a path on Windows, what is left beside a long home and the longest slug.
PATH_LENGTH = 120


def expected_paths(answers: Answers) -> set[str]:
    """Return the paths of all files that these answers make."""
    runtime = FACTS["_model_runtimes"][answers["model_runtime"]]
    sample, commit = runtime["sample"], runtime["sample_commit"]
    directory = {
        "versioned": f"models/{sample}/1",
        "flat": "models",
        "huggingface": f"models/models--sample--{sample}/snapshots/{commit}",
    }[answers["model_layout"]]
    paths = {f"{directory}/{file}" for file in ["SHA256SUMS", *SAMPLES[answers["model_runtime"]]]}
    paths |= {f"{folder}/{file}".lstrip("/") for folder, files in ALWAYS.items() for file in files.split()}
    paths |= {*LOCKS[answers["package_manager"]]}
    if answers["model_layout"] != "huggingface":
        paths.add("src/service/volume/listed_files.py")
    if answers["model_layout"] != "versioned":
        paths |= {"src/service/volume/undo.py", "tests/volume/test_undo.py"}
    if answers["model_volume"] == "image":
        paths.add("model.Dockerfile")
    if answers["model_runtime"] != "tract":
        paths.add(f"tests/test_{answers['model_runtime'].replace('-', '_')}.py")
    if answers["model_runtime"] in {"model2vec", "custom"}:
        paths |= {"src/service/mapped_weights.py", "tests/test_mapped_weights.py"}
    if answers["tracing"] == "opentelemetry":
        paths |= {"src/service/traced.py", "src/service/tracing.py", "tests/test_tracing.py"}
    return paths


def test_exactly_these_files_are_rendered(trees: Trees) -> None:
    for answers, tree in trees:
        assert tree.keys() == expected_paths(answers), name(answers)


@pytest.mark.parametrize("name", ["aux", "NUL.txt", "com1.py", "a:b", "a ", "a.", "what?", "tab\t"])
def test_a_name_that_windows_cannot_hold_is_found(name: str) -> None:
    assert DEVICE.fullmatch(name) or not NAME.fullmatch(name)


def check_names(paths: set[str]) -> None:
    """Check that every file system can hold these paths."""
    for path in paths:
        assert len(path) <= PATH_LENGTH, path
        for part in path.split("/"):
            assert NAME.fullmatch(part), path
            assert not DEVICE.fullmatch(part), path
    assert len({path.casefold() for path in paths}) == len(paths)


def test_every_file_system_can_hold_every_project(trees: Trees) -> None:
    for paths in {frozenset(tree) for _, tree in trees}:
        check_names(set(paths))


def test_every_file_system_can_hold_the_template() -> None:
    paths = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], TEMPLATE)
    for path in paths.rstrip("\0").split("\0"):
        assert all(NAME.fullmatch(part) and not DEVICE.fullmatch(part) for part in path.split("/")), path


def test_no_file_is_a_program() -> None:
    assert [path for path in SOURCE.rglob("*") if path.is_file() and path.stat().st_mode & 0o111] == []


def test_a_checkout_on_windows_has_the_same_line_ends(rendered: Render, tmp_path: Path) -> None:
    project, checkout = tmp_path / "project", tmp_path / "checkout"
    shutil.copytree(rendered(DEFAULTS), project)
    commit(project, "first")
    run(["git", "clone", "--quiet", "-c", "core.autocrlf=true", str(project), str(checkout)], tmp_path)
    assert contents(checkout) == contents(project)
