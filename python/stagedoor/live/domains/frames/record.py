"""`Frames`: how long each frame of the game took, and where the time went.

Native code (`_core.Frames`) records the frames and keeps the last 10 000. This module makes the
records and figures that callers ask for.
"""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from stagedoor import _core, checks
from stagedoor.live.domains.frames import trace
from stagedoor.live.topics.topic import NOTHING
from stagedoor.wire.text import exact

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CAPACITY: Final = 10_000
"""Frames that are kept."""
_SPIKE: Final = 2.0
"""A frame that takes more than this many times the median is a spike."""
_MAX_NAMES: Final = 1000
_NS: Final = 1e9
_AT_ONCE: Final = 64
"""Frames whose records are made one after the other."""
_EVENTS_AT_ONCE: Final = 256
"""Events of a trace that are encoded together."""


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame, from the beginning of a tick to the beginning of the next. Durations in seconds.

    Records compare by their totals. They can be added and divided, which makes a mean of them.
    """

    number: int
    time: float
    """When it began: seconds since the epoch."""
    total: float
    """How long it took, without `held`."""
    work: float
    """The game's own part: the total without `stagedoor` and `idle`. This is the processor time of
    the game's thread, without busy waits of its framework."""
    stagedoor: float
    """How long it took to answer callers and to publish topics."""
    gc: float
    """How long garbage collection took. This is a part of the other durations."""
    idle: float
    """How long the game's thread did not work: it slept, or waited for its clock, the display, a
    disk, a lock, other threads or a free processor."""
    held: float
    """How long the game was held in this frame."""
    spans: dict[str, float]
    """How long each of the game's spans took, by name. Spans may be inside others."""

    def __lt__(self, other: FrameRecord) -> bool:
        return self.total < other.total

    def __radd__(self, zero: int) -> FrameRecord:  # sum() begins with 0
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
    """Figures of some frames. Durations in seconds."""

    frames: int
    """How many frames these are."""
    fps: float
    """Frames per second, over all of them."""
    median: float
    """Of the totals, as the next three fields are."""
    p95: float
    p99: float
    max: float
    mean: float
    """Of the totals. The next four fields are the means of a frame's parts."""
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
    """These frames took longer than this."""
    spikes: list[FrameRecord]
    """The slowest first."""


waiting: Final = _core.Waiting()
"""`with waiting:` a thread waits, although it may keep a processor busy: that is idle."""


class Frames:
    """The frames of one stage, recorded by its `core`. Any thread may call it."""

    def __init__(self) -> None:
        self.core = _core.Frames()
        self.answered = self.core.answered
        self._spans: dict[str, _core.Span] = {}
        callback = self.core.collection
        gc.callbacks.append(callback)
        self.stop_watching_gc = weakref.finalize(self, _remove, callback)
        self.stop_watching_gc.atexit = False

    def span(self, name: str) -> AbstractContextManager[None]:
        """A context manager that measures a part of the frame."""
        try:
            return self._spans[name]
        except (KeyError, TypeError):
            span = self.core.span(exact(checks.text("name", name, may_be_empty=True)))
            if len(self._spans) < _MAX_NAMES:
                self._spans[name] = span
            return span

    @property
    def fps(self) -> float:
        """Frames per second, over the last second; 0 if no frame has ended in it."""
        return self.core.rate()

    def last(self) -> Any:
        """The record of the previous frame; `NOTHING`, before the first has ended."""
        return next(self.each(1), NOTHING)

    def history(self, count: int, since: int = 0) -> list[FrameRecord]:
        """The last `count` frames that have ended, without those up to number `since`.

        Oldest first.
        """
        return list(self.each(count, since))

    def each(self, count: int, since: int = 0) -> Iterator[FrameRecord]:
        """The same, each made when it is taken. Those overwritten meanwhile are left out."""
        newest = self.core.number - 1
        at = max(since, newest - count)
        while at < newest:
            until = min(at + _AT_ONCE, newest)
            yield from self._records(self.core.history(CAPACITY, at, until))
            at = until

    def summary(self, count: int) -> FrameSummary:
        """The figures of the last `count` frames."""
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
        """The slowest frames, at most `count`, that took longer than `threshold` seconds.

        Without a threshold: than twice the median.
        """
        median, least, found = self.each_spike(count, threshold)
        return Spikes(median, least, list(found))

    def each_spike(
        self, count: int, threshold: float | None = None
    ) -> tuple[float, float, Iterator[FrameRecord]]:
        """The median, the threshold, and the spikes of `spikes()`, each made when it is taken."""
        median = self.core.summary(CAPACITY)[1]
        least = round(median * _SPIKE if threshold is None else threshold * _NS)
        numbers = self.core.slowest(least, count)
        history = self.core.history
        frames = (frame for number in numbers for frame in history(CAPACITY, number - 1, number))
        return median / _NS, least / _NS, self._records(frames)

    def export(self, name: str, count: int, since: int = 0) -> bytes:
        """The same frames as `history()`, with all slices, as Chrome trace JSON.

        For a thread of its own. It lets go of the GIL after each of many small parts, so that the
        game's thread does not wait for it.
        """
        core = self.core
        frames: list[_core._Frame] = []
        slices: list[_core._Slice] = []
        newest = core.number - 1
        at = max(since, newest - count)
        while at < newest:
            until = min(at + _AT_ONCE, newest)
            frames += core.history(CAPACITY, at, until)
            slices += core.slices(CAPACITY, at, until)
            at = until
            sleep(0)
        document = trace.document(name, os.getpid(), core.thread, frames, slices)
        events = document.traceEvents
        parts: list[bytes] = []
        for first in range(0, len(events), _EVENTS_AT_ONCE):
            parts.append(msgspec.json.encode(events[first : first + _EVENTS_AT_ONCE])[1:-1])
            sleep(0)
        document.traceEvents = cast(Any, msgspec.Raw(b"[" + b",".join(parts) + b"]"))
        return msgspec.json.encode(document)

    def _records(self, frames: Iterable[_core._Frame]) -> Iterator[FrameRecord]:
        epoch = self.core.epoch
        return (
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
        )


def _remove(callback: object) -> None:
    if callback in gc.callbacks:
        gc.callbacks.remove(callback)
