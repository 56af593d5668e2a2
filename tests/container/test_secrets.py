"""What a build may see and an image must not: certificates and credentials."""

import os
import ssl
import subprocess
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from container.conftest import IMAGES, MANAGERS
from project import CommandFailedError, poetry_settings, render, run
from stress import first_always

INDEX = Path(__file__).with_name("private_index.py")
PASSWORD = f"password-{uuid.uuid4()}"


def trusted_certificates() -> str:
    """Return what this machine trusts, in PEM format."""
    path = os.environ.get("CA_BUNDLE") or ssl.get_default_verify_paths().cafile
    return Path(path).read_text(encoding="utf-8")


def find_texts(image: str, texts: set[str]) -> set[str]:
    """Return those texts that any layer or the configuration of an image holds."""
    found, tail = set(), b""
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as save:
        while chunk := save.stdout.read(1 << 20):
            found |= {text for text in texts if text.encode() in tail + chunk}
            tail = chunk[-100:]
    return found


@contextmanager
def private_index(directory: Path) -> Iterator[str]:
    """Serve a directory of wheels to whoever knows the password, from a container; yield its address."""
    command = ["docker", "run", "--detach", "--rm", "--interactive", f"--volume={directory}:/wheels:ro"]
    command += [f"--volume={INDEX}:/index.py:ro", f"--env=PASSWORD={PASSWORD}"]
    container = run([*command, "python:3.13-slim-trixie", "python", "/index.py"], directory).strip()
    try:
        yield run(
            ["docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", container], directory
        ).strip()
    finally:
        run(["docker", "kill", container], directory)


def write_wheel(directory: Path) -> None:
    """Write the smallest wheel there is, in a version that no cache has seen."""
    version = f"1.{time.time_ns()}"
    info = f"our_secret_sauce-{version}.dist-info"
    files = {
        "our_secret_sauce.py": "TASTE = 'umami'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: our-secret-sauce\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(directory / f"our_secret_sauce-{version}-py3-none-any.whl", "w") as wheel:
        for name, content in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(name, content)


def name_index(manager: str, text: str, host: str) -> str:
    """Have pyproject.toml ask for our wheel, and name the index that has it, as the README says."""
    index = f'name = "private"\nurl = "http://{host}:8080/simple/"\n'
    text = text.replace("\ndependencies = [\n", '\ndependencies = [\n  "our-secret-sauce",\n')
    if manager == "poetry":
        text = text.replace(
            "[tool.poetry]\n", '[tool.poetry]\ndependencies.our-secret-sauce.source = "private"\n'
        )
        return f'{text}\n[[tool.poetry.source]]\n{index}priority = "explicit"\n'
    text = text.replace("[tool.uv]\n", "[tool.uv]\nexclude-newer-package = { our-secret-sauce = false }\n")
    text = text.replace("[tool.uv.pip]\n", "[tool.uv.pip]\nemit-index-url = true\n")
    if manager == "pip":
        return f"{text}\n[[tool.uv.index]]\n{index}"
    text += f"\n[[tool.uv.index]]\n{index}explicit = true\n"
    return text + '\n[tool.uv.sources]\nour-secret-sauce.index = "private"\n'


@pytest.mark.parametrize("answers", first_always(MANAGERS))
def test_a_ca_bundle_and_credentials_of_a_private_index_are_used_and_leave_no_trace(
    tmp_path: Path, answers: dict
) -> None:
    marker = f"marker-{uuid.uuid4()}"
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(f"# {marker}\n{trusted_certificates()}", encoding="utf-8")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels)
    path = render(answers | {"project_slug": f"{IMAGES}secrets"}, tmp_path, hooks=False)
    (path / ".env").write_text(f"CA_BUNDLE={bundle}\n", encoding="utf-8")
    build = ["env", "--unset=CA_BUNDLE", "docker", "compose", "build"]
    with private_index(wheels) as host:
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {host} login us password {PASSWORD}\n", encoding="utf-8")
        netrc.chmod(0o600)
        pyproject = path / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8")
        pyproject.write_text(name_index(answers["package_manager"], text, host), encoding="utf-8")
        run(["make", "lock"], path, NETRC=str(netrc), VIRTUAL_ENV="", **poetry_settings())
        if answers["package_manager"] == "pip":
            # Only because this index has no certificate.
            with (path / "requirements.txt").open("a", encoding="utf-8") as requirements:
                requirements.write(f"--trusted-host {host}\n")
        with pytest.raises(CommandFailedError, match="401"):
            run([*build, "--no-cache"], path, NETRC="")
        run(build, path, NETRC=str(netrc))
    taste = ["docker", "run", "--rm", "--entrypoint=/opt/venv/bin/python", path.name, "-c"]
    assert run([*taste, "import our_secret_sauce; print(our_secret_sauce.TASTE)"], path) == "umami\n"
    assert find_texts(path.name, {"our_secret_sauce", marker, PASSWORD}) == {"our_secret_sauce"}
