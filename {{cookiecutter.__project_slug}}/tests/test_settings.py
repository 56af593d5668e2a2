import re

import pytest
from conftest import PROJECT

from service.resources import cgroup
from service.settings import Settings, SettingsError, read_settings


def test_every_setting_has_a_default() -> None:
    assert read_settings() == Settings()


def read_env_example() -> dict[str, str]:
    """Return the variables of `.env.example` and what they are there."""
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^# ([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_every_setting_is_explained_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    explained = read_env_example()
    assert {name.upper() for name in Settings.model_fields} <= explained.keys()
    for name, field in Settings.model_fields.items():
        if field.default is not None:  # what none means is for others to say
            monkeypatch.setenv(name.upper(), explained[name.upper()])
    assert read_settings() == Settings.model_construct()


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert read_settings().port == 8000


def test_a_version_can_be_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_VERSION", "3")
    assert read_settings().model_version == "3"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "http", "PORT is 'http' but must be a valid integer"),
        ("PORT", "65536", "PORT is '65536' but must be less than or equal to 65535"),
        ("MODEL_VERSION", "1/../2", "MODEL_VERSION is '1/../2' but must be words joined by"),
        ("MODEL_NAME", "../secrets", "MODEL_NAME is '../secrets' but must be words joined by"),
        ("DRAIN_SECONDS", "-1", "DRAIN_SECONDS is '-1' but must be greater than 0"),
        (
            "REQUEST_TIMEOUT_SECONDS",
            "1e-9",
            "REQUEST_TIMEOUT_SECONDS is '1e-9' but must be greater than or equal to 0.001",
        ),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud' but must be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_value_that_cannot_work_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    refusal = refuse(monkeypatch, {name: value})
    assert refusal.startswith(expected)
    assert "\n" not in refusal


def refuse(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> str:
    """Return what is said of variables that cannot work."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    return str(caught.value)


def test_all_wrong_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match=r"PORT is '0'.*; LOG_LEVEL is 'loud'"):
        read_settings()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"MAX_BATCH_SIZE": "65", "MAX_QUEUE_SIZE": "64"},
            "MAX_BATCH_SIZE is 65, but no more rows than MAX_QUEUE_SIZE, 64, ever wait: lower the one",
        ),
        (
            {"MAX_BATCH_SIZE": "1", "MAX_BATCH_DELAY_MS": "2.5"},
            "MAX_BATCH_DELAY_MS is 2.5, but MAX_BATCH_SIZE is 1, so that there is nothing to wait for: set",
        ),
        (
            {"REQUEST_TIMEOUT_SECONDS": "0.5", "MAX_BATCH_DELAY_MS": "500"},
            "MAX_BATCH_DELAY_MS is 500, but REQUEST_TIMEOUT_SECONDS is 0.5, so that a request is too late",
        ),
        (
            {"RECEIVE_TIMEOUT_SECONDS": "9"},
            "RECEIVE_TIMEOUT_SECONDS is 9, but DRAIN_SECONDS is 9, so that a stop does not wait for",
        ),
        (
            {"MODEL_RELOAD_SECONDS": "1e-9"},
            "MODEL_RELOAD_SECONDS is 1e-09, but the volume is looked at every 0.1 s at most: set",
        ),
    ],
)
def test_two_variables_that_cannot_work_together_are_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    refusal = refuse(monkeypatch, variables)
    assert refusal.startswith(expected)
    assert "; " not in refusal


@pytest.mark.parametrize(("reload", "most"), [("0", 192), ("1", 96)])
def test_more_threads_than_the_container_may_start_are_refused(
    monkeypatch: pytest.MonkeyPatch, reload: str, most: int
) -> None:
    monkeypatch.setattr(cgroup, "read", lambda file, _="": ["256"] if file == "pids.max" else [])
    variables = {"MODEL_RELOAD_SECONDS": reload, "INFERENCE_THREADS": str(most + 1)}
    assert refuse(monkeypatch, variables).startswith(
        f"INFERENCE_THREADS is {most + 1}, but of the threads that this container may have {most} may compute"
    )
    monkeypatch.setenv("INFERENCE_THREADS", str(most))
    assert read_settings().inference_threads == most


def test_variables_on_the_edge_of_a_conflict_work(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SIZE", "64"), ("DELAY_MS", "499")):
        monkeypatch.setenv(f"MAX_BATCH_{name}", value)
    monkeypatch.setenv("MAX_QUEUE_SIZE", "64")
    monkeypatch.setenv("REQUEST_TIMEOUT_SECONDS", "0.5")
    assert read_settings().max_batch_delay_ms == 499


def test_all_conflicts_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH_SIZE", "9"), ("QUEUE_SIZE", "8"), ("BATCH_DELAY_MS", "60000")):
        monkeypatch.setenv(f"MAX_{name}", value)
    with pytest.raises(SettingsError, match=r"MAX_BATCH_SIZE is 9.*; MAX_BATCH_DELAY_MS is 60000"):
        read_settings()
