"""Changes that make a good request a wrong one: to its JSON as JSON, or to its bytes as bytes."""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

# What may stand anywhere, as texts, because much of it is no JSON.
NUMBERS = ["0", "1", "-1", "0.5", "-0.0", "1e308", "1e999", "NaN", "Infinity", "01", "+1", ".5", "1.", "0x1"]
NUMBERS += [str(number) for number in (2**31, 2**63, 2**64, -(2**63) - 1, 10**400)]
TEXTS = ["", "1", "true", "FP32", "BYTES", "é", "\0", "\ud800", "\n", "x" * 1000]
LISTS = ["[]", "[[]]", "[{}]", "[null]", "[1, [2]]", "[[1], [1, 2]]", "[true, 1.5]", "[1,]", "[", "]"]
OBJECTS = ["{}", '{"": null}', '{"name": {}}', '{"a": 1, "a": 2}', "{", "}"]
OBJECTS += [json.dumps({"binary_data_size": size}) for size in (-1, 0, 1, 10**18, True)]
LARGE = [json.dumps(each) for each in ([0] * 1000, [""] * 1000, [[0] * 10] * 10, ["x" * 5000, *[""] * 500])]
LARGE += ["[" * depth + "1" + "]" * depth for depth in (30, 1000, 1025, 5000)]
VALUES = ["null", "true", "false", "nul", *NUMBERS, *map(json.dumps, TEXTS), *LISTS, *OBJECTS, *LARGE]
# Stands for one of them until the request is written; then it is put in.
PLACE = re.compile(r'"@(\d+)@"')


def write(request: Any) -> bytes:
    """Return the JSON of a request, or what is none if such was put into it."""
    text = json.dumps(request, ensure_ascii=False)
    return PLACE.sub(lambda place: VALUES[int(place[1])], text).encode(errors="surrogatepass")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every list or object in a value with each index or key of it, but few of a long list."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))[:5]
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def copy(value: Any) -> Any:
    """Return a copy, so that no object holds itself."""
    return json.loads(json.dumps(value))


def pick(request: Any, dice: random.Random) -> tuple[Any, Any]:
    """Return some place in a request, which is never empty."""
    return dice.choice(list(places(request)) or [({"": None}, "")])


def replace(request: Any, dice: random.Random) -> None:
    holder, key = pick(request, dice)
    holder[key] = f"@{dice.randrange(len(VALUES))}@"


def remove(request: Any, dice: random.Random) -> None:
    holder, key = pick(request, dice)
    del holder[key]


def repeat(request: Any, dice: random.Random) -> None:
    holder, key = pick(request, dice)
    if isinstance(holder, list):
        holder.insert(key, copy(holder[key]))
    else:
        _, other = pick(request, dice)
        holder[other if isinstance(other, str) else dice.choice(TEXTS)] = copy(holder[key])


def wrap(request: Any, dice: random.Random) -> None:
    holder, key = pick(request, dice)
    holder[key] = dice.choice([[holder[key]], {"data": holder[key]}, [holder[key]] * 2])


def exchange(request: Any, dice: random.Random) -> None:
    (one, key), (other, other_key) = pick(request, dice), pick(request, dice)
    one[key], other[other_key] = copy(other[other_key]), copy(one[key])


def nudge(request: Any, dice: random.Random) -> None:
    """Change a number a little, as a mistake by one does."""
    numbers = [(holder, key) for holder, key in places(request) if type(holder[key]) in {int, float}]
    if numbers:
        holder, key = dice.choice(numbers)
        holder[key] += dice.choice((-1, 1, 0.5, 2**32, -(2**40)))


Change = Callable[[Any, random.Random], None]
CHANGES: list[Change] = [replace, replace, remove, repeat, wrap, exchange, nudge]


def change(request: Any, dice: random.Random, changes: list[Change]) -> None:
    """Change a request in up to three places, mostly in one."""
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        dice.choice(changes)(request, dice)


def change_bytes(content: bytes, dice: random.Random) -> bytes:
    """Cut, flip, put in or double some bytes."""
    start, end = sorted(dice.randrange(len(content) + 1) for _ in range(2))
    return dice.choice(
        [
            content[:start],
            content[end:],
            content[:start] + content[end:],
            content[:start] + content[start:end] * 2 + content[end:],
            content[:start] + dice.randbytes(dice.randint(1, 8)) + content[start:],
            content[:start]
            + bytes(byte ^ 1 << dice.randrange(8) for byte in content[start : start + 3])
            + content[start + 3 :],
        ]
    )
