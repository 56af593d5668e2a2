import asyncio
import time
from functools import partial

from service.serving.alarms import Alarms


def test_what_is_due_is_called_in_time_and_once() -> None:
    rung: list[tuple[str, float]] = []

    def ring(name: str, began: float) -> None:
        rung.append((name, time.monotonic() - began))

    async def wait() -> None:
        alarms, began = Alarms(), time.monotonic()
        for name, seconds in {"late": 0.15, "soon": 0.05, "never": 60, "at once": 0}.items():
            alarms.set(began + seconds, partial(ring, name, began))
        await asyncio.sleep(0.3)

    asyncio.run(wait())
    assert [name for name, _ in rung] == ["at once", "soon", "late"]
    assert rung[1][1] >= 0.05
    assert rung[2][1] >= 0.15


def test_what_was_cancelled_is_not_called() -> None:
    rung: list[str] = []

    async def wait() -> None:
        alarms = Alarms()
        now = asyncio.get_running_loop().time()
        first, _ = (alarms.set(now + 0.05, partial(rung.append, name)) for name in ("no", "yes"))
        alarms.cancel(first)
        await asyncio.sleep(0.1)
        alarms.cancel(first)

    asyncio.run(wait())
    assert rung == ["yes"]


def test_an_alarm_may_set_the_next() -> None:
    rung: list[int] = []

    async def wait() -> None:
        alarms = Alarms()

        def ring() -> None:
            rung.append(len(rung))
            if len(rung) < 3:
                alarms.set(asyncio.get_running_loop().time() + 0.01, ring)

        alarms.set(asyncio.get_running_loop().time(), ring)
        await asyncio.sleep(0.1)

    asyncio.run(wait())
    assert rung == [0, 1, 2]
