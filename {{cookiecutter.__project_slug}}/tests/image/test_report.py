from pathlib import Path

import pytest
from small_image import small_image

from image import docker, report
from image.layers import ImageError
from image.naive import Naive


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a project is whose image can be loaded."""
    monkeypatch.setattr(docker, "load", lambda name: small_image())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.image]\nbudget-mb = 1\n")
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Call the command."""
    monkeypatch.setattr("sys.argv", ["report", "demo", *arguments])
    report.main()


def test_the_report_is_printed_and_written_with_a_picture(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, "--no-naive")
    printed = capsys.readouterr().out
    written = (directory / "build" / "image-report.md").read_text(encoding="utf-8")
    assert "There is none: it was not asked for." in printed
    assert "![The image in a picture](image-report.svg)" in written
    assert all(line in printed for line in written.splitlines() if not line.startswith("!"))
    assert (directory / "build" / "image-report.svg").read_text(encoding="utf-8").startswith("<svg")


def test_secrets_go_to_the_naive_build(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def remember(*arguments: object) -> Naive:
        given.extend(arguments)
        return Naive("python:3.13", 10_000, 1)

    monkeypatch.setattr(report, "build_naive", remember)
    call(monkeypatch, "--secret", "id=a,src=b", "--secret", "id=c,src=d")
    assert given[0] == "demo"
    assert given[2] == ["id=a,src=b", "id=c,src=d"]


def test_a_naive_image_that_cannot_be_had_spoils_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Naive:
        raise ImageError("python:3.13 could not be pulled")

    monkeypatch.setattr(report, "build_naive", fail)
    call(monkeypatch)
    assert "There is none: python:3.13 could not be pulled." in capsys.readouterr().out


def test_a_report_that_cannot_be_made_ends_in_one_sentence(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "pyproject.toml").write_text("")
    with pytest.raises(SystemExit, match=r"^pyproject.toml states no budget: .*$"):
        call(monkeypatch)
