"""`Frames`: what each frame of the game took, and where it went.

Recording is native (`_core.Frames`), and so are the last 10 000 frames; this makes of them what
people ask for.
"""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from stagedoor import _core
from stagedoor.live.domains.frames import trace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CAPACITY: Final = 10_000
"""Frames that are kept."""
_SPIKE: Final = 2.0
"""A frame that takes so many times the median is a spike."""
_MAX_NAMES: Final = 1000
_NS: Final = 1e9


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame, from the beginning of a tick to the beginning of the next. Durations in seconds.

    Records are compared by their totals; their sum and its quotient make a mean of them.
    """

    number: int
    time: float
    """When it began: seconds since the epoch."""
    total: float
    """How long it took, without `held`."""
    work: float
    """The game's own part: the total without `stagedoor` and `idle`."""
    stagedoor: float
    """What it took to answer callers and to publish topics."""
    gc: float
    """What garbage collections took; part of the others."""
    idle: float
    """How long the game's framework slept, where it tells."""
    held: float
    """How long the game was paused in it."""
    spans: dict[str, float]
    """What the game's spans took, by name; spans may be inside others."""

    def __lt__(self, other: FrameRecord) -> bool:
        return self.total < other.total

    def __radd__(self, zero: int) -> FrameRecord:  # what sum() begins with
        return self

    def __add__(self, later: FrameRecord) -> FrameRecord:
        spans = dict(self.spans)
        for name, seconds in later.spans.items():
            spans[name] = spans.get(name, 0.0) + seconds
        return FrameRecord(
            number=later.number,
            time=later.time,
            total=self.total + later.total,
            work=self.work + later.work,
            stagedoor=self.stagedoor + later.stagedoor,
            gc=self.gc + later.gc,
            idle=self.idle + later.idle,
            held=self.held + later.held,
            spans=spans,
        )

    def __truediv__(self, count: int) -> FrameRecord:
        return FrameRecord(
            number=self.number,
            time=self.time,
            total=self.total / count,
            work=self.work / count,
            stagedoor=self.stagedoor / count,
            gc=self.gc / count,
            idle=self.idle / count,
            held=self.held / count,
            spans={name: seconds / count for name, seconds in self.spans.items()},
        )


@dataclass(frozen=True, slots=True)
class FrameSummary:
    """Frames in a few figures. Durations in seconds."""

    frames: int
    """How many these are."""
    fps: float
    """Frames a second, over all of them."""
    median: float
    """Of the totals; so are the next three."""
    p95: float
    p99: float
    max: float
    mean: float
    """Of the totals, as the next four of what a frame is made of."""
    work: float
    stagedoor: float
    gc: float
    idle: float


@dataclass(frozen=True, slots=True)
class Spikes:
    """Frames that took much longer than usual. Durations in seconds."""

    median: float
    """Of the totals of all frames that are kept."""
    threshold: float
    """What a frame had to exceed."""
    spikes: list[FrameRecord]
    """The slowest first."""


_NONE: Final = FrameRecord(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, {})


class Frames:
    """The frames of one stage, recorded by its `core`. May be called from any thread."""

    def __init__(self) -> None:
        self.core = _core.Frames()
        self.answered = self.core.answered
        self.idle = self.core.idle
        """`idle(seconds)`: the game's framework has slept so long, until now, in this frame."""
        self._spans: dict[str, _core.Span] = {}
        callback = self.core.collection
        gc.callbacks.append(callback)
        self.stop_watching_gc = weakref.finalize(self, _remove, callback)
        self.stop_watching_gc.atexit = False

    def span(self, name: str) -> AbstractContextManager[None]:
        """What measures a part of the frame."""
        try:
            return self._spans[name]
        except KeyError:
            span = self.core.span(name)
            if len(self._spans) < _MAX_NAMES:
                self._spans[name] = span
            return span

    @property
    def fps(self) -> float:
        """Frames a second, of the last second; 0 when none has ended in it."""
        return self.core.rate()

    def last(self) -> FrameRecord:
        """The frame before this one; before there is any, number 0, which took no time."""
        return next(iter(self.history(1)), _NONE)

    def history(self, count: int, since: int = 0) -> list[FrameRecord]:
        """The last `count` frames that are over, oldest first, of those after number `since`."""
        return self._records(self.core.history(count, since))

    def summary(self, count: int) -> FrameSummary:
        """The last `count` frames."""
        frames, median, p95, p99, longest, total, stagedoor, collecting, idle = self.core.summary(
            count
        )
        of_one = 1 / max(1, frames) / _NS
        return FrameSummary(
            frames=frames,
            fps=frames * _NS / total if total else 0.0,
            median=median / _NS,
            p95=p95 / _NS,
            p99=p99 / _NS,
            max=longest / _NS,
            mean=total * of_one,
            work=(total - stagedoor - idle) * of_one,
            stagedoor=stagedoor * of_one,
            gc=collecting * of_one,
            idle=idle * of_one,
        )

    def spikes(self, count: int, threshold: float | None = None) -> Spikes:
        """The slowest of all frames that took more than so many seconds, `count` at most; without
        a threshold, more than twice the median."""
        median = self.core.summary(CAPACITY)[1]
        least = round(median * _SPIKE if threshold is None else threshold * _NS)
        found = self._records(self.core.slower_than(least, count))
        return Spikes(median / _NS, least / _NS, found)

    def export(self, name: str, count: int, since: int = 0) -> bytes:
        """The same frames as `history()`, with all spans, as Chrome trace JSON."""
        core = self.core
        # The slices first: a frame that ends meanwhile is one too many, not one without its parts.
        slices = core.slices(count, since)
        frames = core.history(count, since)
        document = trace.document(name, os.getpid(), core.thread, frames, slices)
        return msgspec.json.encode(document)

    def _records(self, frames: Iterable[_core._Frame]) -> list[FrameRecord]:
        epoch = self.core.epoch
        return [
            FrameRecord(
                number=number,
                time=epoch + start / _NS,
                total=total / _NS,
                work=max(0, total - stagedoor - idle) / _NS,
                stagedoor=stagedoor / _NS,
                gc=collecting / _NS,
                idle=idle / _NS,
                held=held / _NS,
                spans={name: seconds / _NS for name, seconds in spans},
            )
            for number, start, total, stagedoor, held, collecting, idle, spans in frames
        ]


def _remove(callback: object) -> None:
    if callback in gc.callbacks:
        gc.callbacks.remove(callback)
