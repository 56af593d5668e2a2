"""`/docs` in a real browser that reaches nothing but the service."""

import re
from pathlib import Path

import pytest
from answers import DEFAULTS, FACTS
from container.conftest import IMAGES, container_of, default
from project import Project, run, wait_until

# The default's base is on every machine that runs these tests.
BASE = FACTS["_base_images"]["slim"]["python_image"].replace("%s", DEFAULTS["python_version"])
BROWSER = f"""
FROM {BASE}
RUN apt-get update && apt-get install --yes --no-install-recommends chromium
"""
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000"]
HEALTH = ["docker", "inspect", "--format={{.State.Health.Status}}"]


@pytest.mark.stress
@default
def test_the_documentation_shows_every_route_without_the_internet(project: Project) -> None:
    browser = f"{IMAGES}browser"
    run(["docker", "build", "--quiet", "--tag", browser, "-"], Path(), stdin=BROWSER)
    with container_of(project, "--network=none") as service:
        wait_until(lambda: run([*HEALTH, service], Path()) == "healthy\n")
        command = ["docker", "run", "--rm", f"--network=container:{service}", browser, *CHROMIUM]
        page = run([*command, "--dump-dom", "http://127.0.0.1:8000/docs"], project.path)
    shown = re.findall(r'class="opblock-summary-path" data-path="([^"]+)"', page)
    assert sorted(shown) == ["/", "/health/live", "/health/ready", "/predict"]
