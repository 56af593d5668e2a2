"""What `deployment=kubernetes` and `deployment=kserve` render, checked by the tools of those platforms."""

import ast
import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from answers import CHOICES, DEFAULTS, FACTS, Answers
from project import run
from render.renderer import render_in_memory, write

# Image volumes with a path below their root are in 1.33 for the first time.
VERSIONS = ("1.33", kubernetes_validate.latest_version())
KUBERNETES = [
    DEFAULTS | {"deployment": "kubernetes"} | other
    for other in (
        *({"model_volume": volume} for volume in CHOICES["model_volume"]),
        {"observability": "tracing"},
        {"model_runtime": "llama-cpp"},
        {"model_runtime": "llama-cpp", "model_volume": "image"},
    )
]
KSERVE = [DEFAULTS | {"deployment": "kserve", "model_volume": volume} for volume in CHOICES["model_volume"]]
# Policies that a project leaves to its platform, and why.
LEFT = {
    "CKV_K8S_21": "`kubectl --namespace` or an overlay says where it goes",
    "CKV_K8S_43": "the release says the digest of what it has pushed; kustomization.yaml names a version",
    "CKV_K8S_15": "a version is never pushed twice, and a node that has it starts without the registry",
}
CHECKOV = ["uv", "run", "--no-project", "--python=3.12", "--with=checkov==3.3.30", "checkov"]
KSERVE_PACKAGE = "kserve==0.21.0"


@pytest.fixture(autouse=True, scope="module")
def kubectl() -> None:
    if not shutil.which("kubectl"):
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail("REQUIRE_DOCKER=1, but there is no kubectl")
        pytest.skip("there is no kubectl")


@pytest.fixture
def project(answers: Answers, tmp_path: Path) -> Path:
    return write(render_in_memory(answers), tmp_path)


def build(project: Path) -> dict[str, dict]:
    """Return what `kubectl apply -k .` would apply, by kind."""
    documents = list(yaml.safe_load_all(run(["kubectl", "kustomize", "."], project)))
    found = {document["kind"]: document for document in documents}
    assert len(found) == len(documents)
    return found


def pod_of(deployment: dict) -> dict:
    return deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("answers", KUBERNETES)
def test_every_manifest_fits_the_schema_of_kubernetes(project: Path, version: str) -> None:
    for document in build(project).values():
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("answers", KUBERNETES[:1])
def test_a_word_that_kubernetes_does_not_know_is_found(project: Path) -> None:
    deployment = build(project)["Deployment"]
    pod_of(deployment)["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="livenesProbe"):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("answers", KUBERNETES)
def test_everything_points_to_the_same_pods(project: Path) -> None:
    found = build(project)
    pod = found["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    selectors = [
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in pod["spec"]["topologySpreadConstraints"]),
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)
    scaled = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
    assert scaled == found["Deployment"]["metadata"]["name"]
    assert found["Service"]["metadata"]["labels"].items() >= labels.items()


@pytest.mark.parametrize("answers", KUBERNETES)
def test_the_models_are_mounted_read_only(project: Path, answers: Answers) -> None:
    found = build(project)
    pod = pod_of(found["Deployment"])
    (mount,) = (
        mount
        for container in pod["containers"] + pod.get("initContainers", [])
        for mount in container["volumeMounts"]
        if mount["name"] == "models"
    )
    assert (mount["mountPath"], mount["readOnly"]) == ("/models", True)
    volume = next(volume for volume in pod["volumes"] if volume["name"] == "models")
    if answers["model_volume"] == "image":
        assert mount["subPath"] == "models"  # where model.Dockerfile puts them
        assert f"--tag {volume['image']['reference']} models" in (project / "README.md").read_text()
    else:
        claim = found["PersistentVolumeClaim"]
        assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"], "readOnly": True}
        assert claim["spec"]["accessModes"] == ["ReadOnlyMany"]


@pytest.mark.parametrize("answers", KUBERNETES + KSERVE[:1])
def test_the_grace_period_is_longer_than_the_stop_and_the_stop_than_a_request(
    project: Path, answers: Answers
) -> None:
    pod = read_predictor(project) if answers in KSERVE else pod_of(build(project)["Deployment"])
    settings = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    serving = FACTS["_servings"][FACTS["_model_runtimes"][answers["model_runtime"]]["serving"]]
    longest = float(settings["DRAIN_SECONDS"]) + serving["request_timeout_seconds"]
    assert longest < float(settings["SHUTDOWN_SECONDS"]) < pod["terminationGracePeriodSeconds"]
    assert not any("lifecycle" in container for container in pod["containers"])


@pytest.mark.parametrize("answers", KUBERNETES[-1:])
def test_the_engine_is_a_sidecar_that_stops_last(project: Path) -> None:
    pod = pod_of(build(project)["Deployment"])
    (engine,) = pod["initContainers"]
    assert engine["restartPolicy"] == "Always"
    threads = next(each for each in engine["args"] if each.startswith("--threads="))
    assert threads == f"--threads={engine['resources']['limits']['cpu']}"
    assert [each["name"] for each in pod["containers"][0]["volumeMounts"]] == ["tmp"]


def asks_for_a_key(pod: dict, text: str) -> bool:
    """Whether the first container reads a key from the secret that the text says how to make."""
    service = pod["containers"][0]
    path = next(each["value"] for each in service["env"] if each["name"] == "API_KEY_FILE")
    mount = next(each for each in service["volumeMounts"] if path.startswith(each["mountPath"] + "/"))
    volume = next(each for each in pod["volumes"] if each["name"] == mount["name"])
    secret, key = volume["secret"]["secretName"], path.removeprefix(mount["mountPath"] + "/")
    return f"kubectl create secret generic {secret} --from-file={key}=" in text


@pytest.mark.parametrize("answers", [KUBERNETES[0], KUBERNETES[-1]])
def test_the_lines_in_comments_ask_clients_for_a_key(project: Path) -> None:
    file = project / "kustomization.yaml"
    file.write_text(re.sub(r"(?m)^#(?=patches:|  )", "", file.read_text()))
    deployment = build(project)["Deployment"]
    kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)
    assert asks_for_a_key(pod_of(deployment), file.read_text())
    assert "DRAIN_SECONDS" in [each["name"] for each in pod_of(deployment)["containers"][0]["env"]]


def test_what_checkov_finds_is_left_to_the_platform(tmp_path: Path) -> None:
    files = []
    for number, answers in enumerate(KUBERNETES):
        project = write(render_in_memory(answers), tmp_path / str(number))
        file = tmp_path / f"{number}.yaml"
        file.write_text(run(["kubectl", "kustomize", "."], project))
        files.append(f"--file={file}")
    skipped = f"--skip-check={','.join(LEFT)}"
    said = run(
        [*CHECKOV, "--framework=kubernetes", "--skip-download", "--compact", skipped, *files], tmp_path
    )
    passed = re.search(r"Passed checks: (\d+), Failed checks: 0", said)
    assert passed, said
    assert int(passed[1]) > 80 * len(files)


@pytest.fixture(scope="module")
def kserve_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of KServe's models in its own package for Python."""
    directory = tmp_path_factory.mktemp("kserve")
    run(
        [
            "uv",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            f"--target={directory}",
            f"--python={sys.executable}",
            KSERVE_PACKAGE,
        ],
        directory,
    )
    return directory / "kserve" / "models"


@cache
def find_fields(file: Path) -> dict[str, str]:
    """Return the names in JSON of what one of KServe's models holds, each with its type."""
    tables = {
        ast.unparse(node.targets[0]): ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"openapi_types", "attribute_map"}
    }
    return {name: tables["openapi_types"][key] for key, name in tables["attribute_map"].items()}


def check_for_kserve(service: dict, models: Path) -> None:
    """See that a manifest has only fields that KServe knows, each of its type."""
    assert service.keys() <= find_fields(models / "v1beta1_inference_service.py").keys()
    assert service["spec"].keys() <= find_fields(models / "v1beta1_inference_service_spec.py").keys()
    predictor = service["spec"]["predictor"]
    assert predictor.keys() <= find_fields(models / "v1beta1_predictor_spec.py").keys()
    own = find_fields(models / "v1beta1_component_extension_spec.py")
    for name in own.keys() & predictor.keys():
        assert type(predictor[name]).__name__ == own[name], name
    # What KServe does not add is a pod's.
    pod = {key: value for key, value in predictor.items() if key not in own}
    kubernetes_validate.validate(
        {"apiVersion": "v1", "kind": "Pod", "metadata": service["metadata"], "spec": pod},
        VERSIONS[-1],
        strict=True,
    )


def read_predictor(project: Path) -> dict:
    return yaml.safe_load((project / "kserve.yaml").read_text())["spec"]["predictor"]


@pytest.mark.parametrize("answers", KSERVE)
def test_kserve_knows_every_word_of_its_manifest(project: Path, kserve_models: Path) -> None:
    service = yaml.safe_load((project / "kserve.yaml").read_text())
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    check_for_kserve(service, kserve_models)


@pytest.mark.parametrize("answers", KSERVE[:1])
@pytest.mark.parametrize("wrong", [{"minReplica": 2}, {"minReplicas": "two"}, {"containers": {}}], ids=str)
def test_a_field_that_kserve_would_refuse_is_noticed(project: Path, kserve_models: Path, wrong: dict) -> None:
    service = yaml.safe_load((project / "kserve.yaml").read_text())
    service["spec"]["predictor"] |= wrong
    with pytest.raises((AssertionError, kubernetes_validate.ValidationError)):
        check_for_kserve(service, kserve_models)


@pytest.mark.parametrize("answers", KSERVE)
def test_kserve_finds_the_container_and_the_model(project: Path) -> None:
    (container,) = read_predictor(project)["containers"]
    settings = {each["name"]: each["value"] for each in container["env"]}
    assert container["name"] == "kserve-container"
    assert settings["MODEL_REPOSITORY"] == "/mnt/models"
    scheme = settings["STORAGE_URI"].partition("://")[0]
    assert f"`{scheme}://" in (project / "README.md").read_text()


@pytest.mark.parametrize("answers", KSERVE[:1])
def test_the_lines_in_comments_ask_clients_of_kserve_for_a_key(project: Path) -> None:
    file = project / "kserve.yaml"
    file.write_text(re.sub(r"(?m)^( +)#(?=- |  )", r"\1", file.read_text()))
    assert asks_for_a_key(read_predictor(project), file.read_text())
