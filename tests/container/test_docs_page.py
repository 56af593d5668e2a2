"""`/docs` in a real browser that reaches nothing but the service."""

import re
import subprocess
from pathlib import Path

import pytest
from container.conftest import IMAGES, PYTHON, default
from project import Project, run, wait_until

# The base is on every machine that runs these tests.
BROWSER = """
FROM python:3.13-slim-trixie
RUN apt-get update && apt-get install --yes --no-install-recommends chromium
"""
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000"]
HEALTH_CHECK = [PYTHON, "-SP", "/app/src/service/healthcheck.py"]


@pytest.mark.stress
@default
def test_the_documentation_shows_every_route_without_the_internet(project: Project) -> None:
    browser = f"{IMAGES}browser"
    run(["docker", "build", "--quiet", "--tag", browser, "-"], Path(), stdin=BROWSER)
    volume = f"--volume={project.path / 'models'}:/models:ro"
    command = ["docker", "run", "--detach", "--network=none", volume, project.image]
    service = run(command, project.path).strip()
    try:
        check = ["docker", "exec", service, *HEALTH_CHECK]
        wait_until(lambda: subprocess.run(check, capture_output=True).returncode == 0)
        command = ["docker", "run", "--rm", f"--network=container:{service}", browser, *CHROMIUM]
        page = run([*command, "--dump-dom", "http://127.0.0.1:8000/docs"], project.path)
    finally:
        run(["docker", "rm", "--force", service], project.path)
    shown = re.findall(r'class="opblock-summary-path" data-path="([^"]+)"', page)
    assert sorted(shown) == ["/", "/health/live", "/health/ready", "/predict"]
