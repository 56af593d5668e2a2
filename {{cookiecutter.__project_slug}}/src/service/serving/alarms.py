"""Timers for what hardly ever happens, such as a deadline that is missed: setting one costs next to nothing.

The event loop keeps its timers in order, and for a while even those that were cancelled. Here they lie in no
order, and one timer of the loop looks at all of them when the first may be due.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Alarm:
    """Something to call at some time, which is the event loop's."""

    when: float
    ring: Callable[[], object]


class Alarms:
    """Alarms of one event loop, to be used in its thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pending: set[Alarm] = set()
        self._next = math.inf  # when to look
        self._timer: asyncio.TimerHandle | None = None

    def set(self, when: float, ring: Callable[[], object]) -> Alarm:
        """Have something called, which must not raise; return what cancels it."""
        alarm = Alarm(when, ring)
        self._pending.add(alarm)
        if when < self._next:
            self._look_at(when)
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """Have it not called; it may have been already."""
        self._pending.discard(alarm)

    def _look_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = when
        self._timer = asyncio.get_running_loop().call_at(when, self._look)

    def _look(self) -> None:
        """Call what is due, and look again when the next may be."""
        now = asyncio.get_running_loop().time()
        due = [alarm for alarm in self._pending if alarm.when <= now]
        self._pending.difference_update(due)
        self._next, self._timer = math.inf, None
        if self._pending:
            self._look_at(min(alarm.when for alarm in self._pending))
        for alarm in due:
            alarm.ring()
