"""`docker compose watch`: a change of the source builds the image and starts the service anew."""

import subprocess
import time
from pathlib import Path

from answers import Answers
from container.conftest import copy_project, default
from generated.test_development import rename_field, wait_for_field
from project import Project


@default
def test_compose_watch_serves_what_was_just_written(
    project: Project, answers: Answers, tmp_path: Path
) -> None:
    copy = copy_project(project, tmp_path, "watch")
    with copy.running("--wait", "--build"):
        wait_for_field(copy, "confidence")
        with (tmp_path / "log").open("w") as log, copy.settings(HOST_PORT=copy.port):
            watch = ["docker", "compose", "watch", "--no-up"]
            process = subprocess.Popen(watch, cwd=copy.path, stdout=log, stderr=log)
            try:
                while "Watch enabled" not in (tmp_path / "log").read_text():
                    assert process.poll() is None, (tmp_path / "log").read_text()
                    time.sleep(0.1)
                rename_field(copy.path)
                wait_for_field(copy, "certainty")
            finally:
                process.terminate()
                process.wait(30)
