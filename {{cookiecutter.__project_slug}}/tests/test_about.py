import tomllib

from conftest import PROJECT

from service.about import about


def test_the_service_calls_itself_what_pyproject_says() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert about()._asdict() == {key: project[key] for key in ("name", "version", "description")}
