"""`Sampler`: looks many times a second where the game's thread is, and adds up what it has seen.

A look takes the GIL, which the thread has to hand over between two bytecodes. After a call of C
code that has kept it, the look comes late, at the line of that call. So each stack is given the
time since the look before, and such calls get what they took.
"""

from __future__ import annotations

import sys
from array import array
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

Stack: TypeAlias = bytes
"""Of each call, the innermost first, the number of its code, and where in it it is: see `calls()`.
Packed, because there are many."""


@dataclass(slots=True)
class Looks:
    """What was seen. Durations in nanoseconds."""

    stacks: dict[Stack, int] = field(default_factory=dict)
    """How long the thread was in each."""
    samples: int = 0
    omitted: int = 0
    """How many were left out: there were too many different stacks."""
    duration: int = 0
    """From the first of them to the last."""

    def add(self, stack: Stack, duration: int, samples: int = 1) -> None:
        """Count looks at a stack."""
        if stack not in self.stacks:
            if len(self.stacks) >= MAX_STACKS:
                self.omitted += samples
                return
            self.stacks[stack] = 0
        self.stacks[stack] += duration
        self.samples += samples


@dataclass(slots=True)
class Seen(Looks):
    """All that was seen that was to be kept."""

    codes: list[CodeType] = field(default_factory=list)
    """The codes in the stacks, by number."""
    frames: int = 0
    """How many frames they are from."""
    seconds: float = 0.0
    """From the first look to the last."""
    cost: float = 0.0
    """Processor time that looking took."""

    def calls(self, stack: Stack) -> Iterator[tuple[int, int]]:
        """The calls of a stack, from the outermost on: the number of the code, and the offset."""
        packed = array("I")
        packed.frombytes(stack)
        for at in range(len(packed) - 2, -1, -2):
            yield packed[at], packed[at + 1]


class Sampler:
    """Looks at one thread, from another. `sample()` may be called once."""

    def __init__(self, core: _core.Frames, threshold: float | None) -> None:
        """`threshold`: keep only what was seen in frames that took longer than so many seconds."""
        self._core = core
        self._threshold = None if threshold is None else threshold * _NS
        self._seen = Seen()
        self._frame = 0
        """The number of the frame of the last look."""
        self._of_frame = Looks()
        """What was seen in it, until it is known how long it takes."""
        self._numbers: dict[int, int] = {}
        """The numbers of codes, by identity."""

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
        stack = array("I")
        while frame is not None and len(stack) < 2 * MAX_DEPTH:
            code = frame.f_code
            ident = id(code)
            if ident not in self._numbers:
                self._numbers[ident] = len(self._seen.codes)
                self._seen.codes.append(code)  # kept, so that no other gets the same identity
            stack.append(self._numbers[ident])
            stack.append(max(0, frame.f_lasti))
            frame = frame.f_back
        if stack:
            looks = self._of_frame
            if looks.samples:
                looks.duration += duration
            looks.add(stack.tobytes(), duration)

    def _end_frame(self, *, is_last: bool = False) -> None:
        """Keep what was seen in the frame, or not."""
        looks, self._of_frame = self._of_frame, Looks()
        if not looks.samples:
            return
        if self._threshold is not None and not self._is_slow(looks, is_last=is_last):
            return
        seen = self._seen
        seen.frames += 1
        for stack, duration in looks.stacks.items():
            seen.add(stack, duration, samples=0)
        seen.samples += looks.samples
        seen.omitted += looks.omitted

    def _is_slow(self, looks: Looks, *, is_last: bool) -> bool:
        assert self._threshold is not None
        for _, _, total, *_ in self._core.history(_CAPACITY, self._frame - 1, self._frame):
            return total > self._threshold
        # It goes on, and has taken at least as long as it was looked at.
        return is_last and looks.duration > self._threshold


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
