"""`deployment=public`: the newest Caddy, which projects get, takes their Caddyfile, and both limit bodies."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from answers import DEFAULTS, Answers, nearest
from generated.conftest import serving
from project import Project, run, wait_until
from render.renderer import render_in_memory, write

CADDY = Path(sys.executable).with_name("caddy")
PUBLIC = DEFAULTS | {"deployment": "public"}
LIMIT = 100_000


@pytest.mark.parametrize(
    "answers", [PUBLIC, nearest("model_runtime", "llama-cpp") | {"deployment": "public"}]
)
def test_caddy_takes_the_file_and_finds_it_formatted(tmp_path: Path, answers: Answers) -> None:
    project = write(render_in_memory(answers), tmp_path)
    run([str(CADDY), "validate"], project, DOMAIN="localhost", MAX_BODY_BYTES="1000")
    run([str(CADDY), "fmt", "--diff"], project)


@pytest.fixture
def public(project: Path, tmp_path: Path) -> Iterator[Project]:
    """The service, behind Caddy; both run here and not in containers."""
    with serving(project, MAX_BODY_BYTES=str(LIMIT)) as service:
        caddyfile = tmp_path / "Caddyfile"
        text = (project / "Caddyfile").read_text(encoding="utf-8")
        caddyfile.write_text(text.replace("service:8000", f"127.0.0.1:{service.port}"), encoding="utf-8")
        behind = Project(project)
        environment = {"DOMAIN": f"http://127.0.0.1:{behind.port}", "MAX_BODY_BYTES": str(LIMIT)}
        environment |= {"HOME": str(tmp_path)}  # Caddy keeps files there
        with subprocess.Popen(
            [CADDY, "run"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
        ) as caddy:
            try:
                wait_until(behind.is_ready)
                yield behind
            finally:
                caddy.kill()


@pytest.mark.parametrize("answers", [PUBLIC])
@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_is_too_large_gets_413_each_time(public: Project, has_length: bool) -> None:
    assert public.predict()["digit"] == 7
    body = b" " * (LIMIT + 1)
    url = f"http://127.0.0.1:{public.port}/predict"
    with httpx2.Client() as client:
        answers = [
            client.post(url, content=body if has_length else iter([body]), timeout=30) for _ in range(100)
        ]
    assert {answer.status_code for answer in answers} == {413}
