"""The oldest uv and the oldest cookiecutter of the table of facts do what the newest do."""

from pathlib import Path

import pytest
from answers import DEFAULTS, FACTS, TEMPLATE
from project import contents, render, run

UV, COOKIECUTTER = (FACTS["_tools"][name] for name in ("oldest_uv", "oldest_cookiecutter"))


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_oldest_uv_takes_the_lock_as_it_is_and_installs_it(project: Path) -> None:
    lock = (project / "uv.lock").read_bytes()
    for target in ("lock", "install"):
        run(["uv", "tool", "run", f"--from=uv=={UV}", "make", target], project, VIRTUAL_ENV="")
    assert (project / "uv.lock").read_bytes() == lock
    assert "uvicorn" in run([".venv/bin/python", "-c", "import uvicorn; print(uvicorn)"], project)


def test_the_oldest_cookiecutter_renders_the_same(tmp_path: Path) -> None:
    command = ["uv", "tool", "run", f"--from=cookiecutter=={COOKIECUTTER}", "cookiecutter", str(TEMPLATE)]
    run([*command, "--no-input", "--default-config", "--accept-hooks=no"], tmp_path)
    expected = contents(render(DEFAULTS, tmp_path / "newest", hooks=False))
    assert contents(tmp_path / "model-service") == expected
