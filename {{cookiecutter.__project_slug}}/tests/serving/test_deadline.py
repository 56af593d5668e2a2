import pytest

from service.errors import InvalidRequestError
from service.serving.deadline import read_timeout


def test_a_request_may_take_what_the_settings_allow() -> None:
    assert read_timeout([(b"host", b"x")], 30) == 30


def test_its_caller_may_say_less_and_never_more() -> None:
    assert read_timeout([(b"x-request-timeout-ms", b"250")], 30) == 0.25
    assert read_timeout([(b"x-request-timeout-ms", b"99000")], 30) == 30


@pytest.mark.parametrize("value", [b"", b"soon", b"-1", b"1.5", b"1e3", b"9" * 500, "١".encode()])
def test_what_is_no_number_of_milliseconds_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="x-request-timeout-ms must be a whole number"):
        read_timeout([(b"x-request-timeout-ms", value)], 30)
