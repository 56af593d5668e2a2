import pytest

from service.errors import InvalidRequestError
from service.open_inference.json_fields import LONGEST, list_names, read_object, shorten, take


def test_an_object_is_read() -> None:
    assert read_object(memoryview(b' {"a": [1, 2.5, null, "\\u00e9"]} ')) == {"a": [1, 2.5, None, "é"]}


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"",
            b"{",
            b"[]",
            b"1",
            b"null",
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b'{"a": "\\ud800"}',
            b"\xff",
            b"{}x",
        ),
        *(b"[" * 100_000, b'{"a":' * 100_000),
    ],
)
def test_what_is_no_object_is_refused_in_one_sentence(text: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_object(memoryview(text))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_each_key_holds_a_value_of_its_kind_or_a_sentence_says_what_it_must_be() -> None:
    holder = {"a": "text", "b": True, "c": None}
    assert take(holder, "a", str) == "text"
    assert take(holder, "c", int, optional=True) is None
    assert take(holder, "d", int, optional=True) is None
    with pytest.raises(InvalidRequestError, match=r"^inputs\[0\]\.a must be a list$"):
        take(holder, "a", list, "inputs[0].")
    with pytest.raises(InvalidRequestError, match=r"^d is missing: it must be an object$"):
        take(holder, "d", dict)
    with pytest.raises(InvalidRequestError, match=r"^c is missing"):
        take(holder, "c", dict)


def test_true_is_no_number_and_no_kind_is_taken_for_another() -> None:
    values = {"true": True, "one": 1, "half": 0.5, "text": "1", "list": [], "object": {}}
    for kind in (bool, int, str, list, dict):
        fitting = []
        for key in values:
            try:
                fitting.append(take(values, key, kind, optional=True))
            except InvalidRequestError:
                continue
        assert [type(value) for value in fitting] == [kind]


def test_what_was_sent_is_repeated_in_short() -> None:
    assert shorten("a\nb") == r"'a\nb'"
    assert len(shorten("x" * 10_000)) == LONGEST + 1
    assert list_names({"b": 1, "a": 2}) == "'a', 'b'"
