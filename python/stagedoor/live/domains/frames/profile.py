"""`Sampler`: looks many times a second where the game's thread is, and adds up what it has seen.

A look takes the GIL, which the thread has to hand over between two bytecodes. After a call of C
code that has kept it, the look comes late, at the line of that call. So each stack is given the
time since the look before, and such calls get what they took.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter_ns, thread_time_ns
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final, TypeAlias

from stagedoor.live.net import threads

if TYPE_CHECKING:
    from stagedoor import _core

MAX_DEPTH: Final = 200
"""Calls of a stack that are looked at: the innermost."""
MAX_STACKS: Final = 10_000
"""Different stacks that are kept."""
MAX_HZ: Final = 1000
MAX_SHARE: Final = 0.1
"""The most that looking may take of the time."""
_NS: Final = 1_000_000_000
_CAPACITY: Final = 10_000
"""How many frames back the record of one is looked for."""

Stack: TypeAlias = tuple[int, ...]
"""Of each call, the innermost first, the identity of its code, and where in it it is."""


@dataclass(slots=True)
class Seen:
    """What was seen. Durations in nanoseconds."""

    stacks: dict[Stack, int] = field(default_factory=dict)
    """How long the thread was in each."""
    codes: dict[int, CodeType] = field(default_factory=dict)
    """The codes in the stacks, by identity. They are kept, so that no other gets the same."""
    samples: int = 0
    frames: int = 0
    """How many frames they are from."""
    omitted: int = 0
    """How many were left out: there were too many different stacks."""
    seconds: float = 0.0
    """From the first look to the last."""
    cost: float = 0.0
    """Processor time that looking took."""

    def add(self, stack: Stack, duration: int) -> None:
        """Count a look."""
        if stack in self.stacks:
            self.stacks[stack] += duration
        elif len(self.stacks) < MAX_STACKS:
            self.stacks[stack] = duration
        else:
            self.omitted += 1
            return
        self.samples += 1


class Sampler:
    """Looks at one thread, from another. `sample()` may be called once."""

    def __init__(self, core: _core.Frames, threshold: float | None) -> None:
        """`threshold`: keep only what was seen in frames that took longer than so many seconds."""
        self._core = core
        self._threshold = None if threshold is None else threshold * _NS
        self._seen = Seen()
        self._frame = 0
        """The number of the frame of the last look."""
        self._of_frame: list[tuple[Stack, int]] = []
        """What was seen in it, until it is known how long it takes."""

    def sample(
        self,
        thread: int,
        seconds: float,
        hz: float,
        is_over: Callable[[], bool] = lambda: False,
        share: float = MAX_SHARE,
    ) -> Seen:
        """Look for so many seconds, or until `is_over`. `hz`: how often. It is less often if it
        takes more than this share of the time."""
        period = round(_NS / hz)
        began, cpu = perf_counter_ns(), thread_time_ns()
        until, before, due = began + round(seconds * _NS), began, began
        pause = threads.Lock()
        pause.acquire()
        with _switching_every(period / _NS / 4):
            while (now := perf_counter_ns()) < until and not is_over():
                self._look(thread, now - before)
                before = now
                spent = thread_time_ns() - cpu
                now = perf_counter_ns()
                due = max(due + period, began + round(spent / share))
                if due <= now:  # it is late: the game goes on before the next look all the same
                    due = now + period
                pause.acquire(timeout=max(0.0, (min(due, until) - now) / _NS))
        self._end_frame(is_last=True)
        self._seen.seconds = (before - began) / _NS
        self._seen.cost = (thread_time_ns() - cpu) / _NS
        return self._seen

    def _look(self, thread: int, duration: int) -> None:
        frame: FrameType | None = sys._current_frames().get(thread)
        number = self._core.number
        if number != self._frame:
            self._end_frame()
            self._frame = number
        codes = self._seen.codes
        stack: list[int] = []
        while frame is not None and len(stack) < 2 * MAX_DEPTH:
            code = frame.f_code
            ident = id(code)
            if ident not in codes:
                codes[ident] = code
            stack.append(ident)
            stack.append(frame.f_lasti)
            frame = frame.f_back
        if stack:
            self._of_frame.append((tuple(stack), duration))

    def _end_frame(self, *, is_last: bool = False) -> None:
        """Keep what was seen in the frame, or not."""
        looks, self._of_frame = self._of_frame, []
        if not looks or (self._threshold is not None and not self._is_slow(looks, is_last=is_last)):
            return
        self._seen.frames += 1
        for stack, duration in looks:
            self._seen.add(stack, duration)

    def _is_slow(self, looks: list[tuple[Stack, int]], *, is_last: bool) -> bool:
        assert self._threshold is not None
        for _, _, total, *_ in self._core.history(_CAPACITY, self._frame - 1, self._frame):
            return total > self._threshold
        # It goes on, and has taken at least as long as it was looked at.
        return is_last and sum(duration for _, duration in looks[1:]) > self._threshold


@contextmanager
def _switching_every(seconds: float) -> Iterator[None]:
    """In the block, threads of Python take turns at least so often, or as often as before."""
    before = sys.getswitchinterval()
    ours = min(before, max(seconds, 1e-4))
    sys.setswitchinterval(ours)
    try:
        yield
    finally:
        if abs(sys.getswitchinterval() - ours) < 1e-6:  # nobody else has set it meanwhile
            sys.setswitchinterval(before)
