"""`docker compose watch`: a change of the source builds the image and starts the service anew."""

import subprocess
from pathlib import Path

from answers import Answers
from container.conftest import copy_project, default
from generated.test_development import rename_field, wait_for_field
from project import Project, wait_until


@default
def test_compose_watch_serves_what_was_just_written(
    project: Project, answers: Answers, tmp_path: Path
) -> None:
    copy = copy_project(project, tmp_path, "watch")
    with copy.running("--build"):
        assert "confidence" in copy.predict()
        with (tmp_path / "log").open("w") as log, copy.settings(HOST_PORT=copy.port):
            watch = ["docker", "compose", "watch", "--no-up"]
            process = subprocess.Popen(watch, cwd=copy.path, stdout=log, stderr=log)
            try:
                said = (tmp_path / "log").read_text
                wait_until(lambda: "Watch enabled" in said(), explain=said)
                rename_field(copy.path)
                wait_for_field(copy, "certainty")
            finally:
                process.terminate()
                process.wait(30)
