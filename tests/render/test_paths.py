"""The exact set of files that each combination of answers makes, and names that every system can hold."""

import re
import shutil
from pathlib import Path

import pytest
from answers import DEFAULTS, FACTS, TEMPLATE, Answers, name
from project import commit, contents, run
from render.conftest import Render, Trees
from render.renderer import SOURCE

ALWAYS = """
.dockerignore .empty .env.example .gitattributes .github/workflows/ci.yml .gitignore .python-version
Dockerfile MODELS.md Makefile README.md compose.yaml docker-bake.hcl examples/infer.json
examples/predict.json monitoring/grafana/dashboards/service.json
monitoring/grafana/dashboards/service.yaml monitoring/grafana/datasources/prometheus.yaml
monitoring/prometheus.yml pyproject.toml src/service/__init__.py src/service/__main__.py
src/service/about.py src/service/alarms.py src/service/api_key.py src/service/app.py src/service/beside.py
src/service/binary_tensors.py src/service/body_limit.py src/service/cgroup.py src/service/checksums.py
src/service/connection.py src/service/cpu.py src/service/deadline.py src/service/dependencies.py
src/service/errors.py src/service/executor.py src/service/fingerprint.py
src/service/garbage.py src/service/healthcheck.py src/service/infer_request.py
src/service/infer_response.py src/service/inference.py src/service/joined_writes.py
src/service/json_fields.py src/service/json_tensors.py src/service/leaving.py src/service/listening.py
src/service/loader.py src/service/log_writer.py src/service/logs.py src/service/memory.py
src/service/metrics.py src/service/model_repository.py src/service/model_runtime.py
src/service/model_store.py src/service/model_version.py src/service/models.py src/service/observing.py
src/service/predictor.py src/service/problems.py src/service/readiness.py src/service/reloading.py
src/service/routes/__init__.py src/service/routes/health.py src/service/routes/infer.py
src/service/routes/infer_schema.py src/service/routes/open_inference.py
src/service/routes/predict.py src/service/routes/prometheus.py src/service/routes/root.py
src/service/row_wise.py src/service/server.py src/service/serving.py src/service/settings.py
src/service/shortcut.py src/service/staging.py src/service/tensors.py src/service/volume.py
tests/conftest.py tests/malformed.py
tests/routes/test_health.py tests/routes/test_infer.py tests/routes/test_infer_schema.py
tests/routes/test_open_inference.py tests/routes/test_predict.py
tests/routes/test_prometheus.py tests/routes/test_root.py tests/test_about.py tests/test_alarms.py
tests/test_api_key.py tests/test_app.py tests/test_beside.py tests/test_binary_tensors.py
tests/test_body_limit.py tests/test_bytecode.py tests/test_cgroup.py tests/test_checksums.py
tests/test_clock.py tests/test_connection.py tests/test_cpu.py tests/test_deadline.py
tests/test_executor.py tests/test_fingerprint.py tests/test_garbage.py tests/test_healthcheck.py
tests/test_hostile_volumes.py tests/test_infer_request.py tests/test_infer_response.py
tests/test_inference.py tests/test_joined_writes.py tests/test_json_fields.py tests/test_json_tensors.py
tests/test_leaving.py tests/test_listening.py tests/test_loader.py tests/test_log_writer.py
tests/test_logs.py tests/test_malformed_requests.py tests/test_memory.py tests/test_metrics.py
tests/test_model_repository.py tests/test_model_runtime.py tests/test_models.py tests/test_monitoring.py
tests/test_observing.py tests/test_predictor.py tests/test_readiness.py tests/test_reloading.py
tests/test_row_wise.py tests/test_server.py tests/test_serving.py tests/test_settings.py
tests/test_shortcut.py tests/test_tensors.py tests/test_trim.py tests/test_volume.py
tools/bytecode.py tools/list_imports.py tools/trim.py tools/trim.toml
tools/image/__init__.py tools/image/budget.py tools/image/check.py tools/image/docker.py
tools/image/layers.py tools/image/naive.py tools/image/packages.py tools/image/picture.py
tools/image/report.py tools/image/text.py tests/small_image.py tests/image/test_budget.py
tests/image/test_check.py tests/image/test_docker.py tests/image/test_layers.py tests/image/test_naive.py
tests/image/test_packages.py tests/image/test_picture.py tests/image/test_report.py tests/image/test_text.py
"""
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
    paths |= {*ALWAYS.split(), *LOCKS[answers["package_manager"]]}
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
