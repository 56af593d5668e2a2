"""docs/real-models.md: what it says is done, in order, with a service that runs without a container."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest
from answers import TEMPLATE
from pages import read_blocks, select
from project import free_port, run

START = """
export HOST=127.0.0.1 MODEL_REPOSITORY=models PYTHONPATH=src
(cd {project} && set -a && if [ -f .env ]; then . ./.env; fi && exec uv run --quiet python -m service) &
SERVICE=$!
for _ in $(seq 600); do curl -sf localhost:$PORT/health/ready > ready.json && break; sleep 0.1; done
"""
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("pip", "unzip", "curl", "sha256sum"))),
    reason="the page needs pip, unzip, curl and sha256sum",
)


def translate(commands: str) -> str:
    """Return the page's commands for this checkout, without Docker, on the port PORT."""
    commands = commands.replace(
        "uvx cookiecutter gh:org/template", f"cookiecutter '{TEMPLATE}' --default-config"
    )
    commands = re.sub(r"make -C (\S+) up\n", lambda found: START.format(project=found[1]), commands)
    commands = re.sub(r"make -C \S+ down\n", "kill $SERVICE\nwait $SERVICE\n", commands)
    return commands.replace("localhost:8000", "localhost:$PORT")


def test_the_models_answer_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = read_blocks("real-models.md")
    names: dict[str, object] = {}
    printed = io.StringIO()
    for block in blocks:
        if block.language == "sh":
            run(["bash", "-ec", translate(block.text)], tmp_path, PORT=str(free_port()), VIRTUAL_ENV="")
        elif block.language == "python":
            with contextlib.redirect_stdout(printed):
                exec(block.text, names)  # noqa: S102 - the page's own
    assert printed.getvalue() == "".join(select(blocks, "text"))
