"""Settings: values from the environment, and errors for wrong ones."""

import re
from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, read_settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT is 'eighty' but "),
        ("PORT", "0", "PORT is '0' but "),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud' but must be 'debug', 'info', 'warning' or 'error'"),
        ("MODEL_NAME", "../secrets", "MODEL_NAME is '../secrets' but must be words joined by . - or /"),
{% include "serving/" ~ cookiecutter.__serving ~ "/test_settings_wrong.py" %}
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("LOG_LEVEL", "INFO", "info"),
        ("LOG_LEVEL", "WARN", "warning"),
        ("LOG_FORMAT", "JSON", "json"),
        ("MODEL_NAME", "org/name-1.0", "org/name-1.0"),
{% include "serving/" ~ cookiecutter.__serving ~ "/test_settings_empty.py" %}
    ],
)
def test_case_and_empty_values_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, meant: str | None
) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(read_settings(), name.lower()) == meant


@pytest.mark.parametrize(
    ("name", "likely"),
{% include "serving/" ~ cookiecutter.__serving ~ "/test_settings_misspelt.py" %}
)
def test_a_misspelt_setting_gets_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, likely: str | None
) -> None:
    monkeypatch.setenv(name, "1")
    read_settings()
    expected = [f"{name} is not a setting: did you mean {likely}?"] if likely else []
    assert [record.getMessage() for record in caplog.records] == expected


def test_the_example_file_explains_every_setting() -> None:
    explained = set(re.findall(r"^# ?([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    inside_the_container = {"HOST", "PORT", "MODEL_REPOSITORY"}
    assert {name.upper() for name in Settings.model_fields} - inside_the_container <= explained
