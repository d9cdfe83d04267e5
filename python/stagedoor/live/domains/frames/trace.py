"""`document()`: frames as Chrome trace JSON, for Perfetto and chrome://tracing. Pure.

Source: the Trace Event Format. Complete events (`X`) have `ts` and `dur` in microseconds; metadata
events (`M`) name the process and its tracks. The events of one track must nest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec import Struct

from stagedoor._core import GC, IDLE, SPAN

if TYPE_CHECKING:
    from stagedoor._core import _Frame, _Slice

FRAMES_TRACK: Final = 1
"""The track of the frames themselves. The tracks of threads come after it."""
_CATEGORIES: Final = {SPAN: "span", GC: "gc", IDLE: "idle"}


class TraceEvent(Struct, omit_defaults=True):
    """One event. `ph` is its kind: `X` a complete event, `M` metadata."""

    name: str
    ph: Literal["X", "M"]
    pid: int
    tid: int
    ts: float
    dur: float | None = None
    cat: str = ""
    args: dict[str, Any] | None = None


class Trace(Struct):
    """A file for Perfetto or chrome://tracing."""

    traceEvents: list[TraceEvent]  # noqa: N815 (the format's name)
    displayTimeUnit: str = "ms"  # noqa: N815


class _Part(NamedTuple):
    """A part of a track. Times in nanoseconds."""

    name: str
    category: str
    start: int
    duration: int
    args: dict[str, Any] | None = None


def document(
    name: str, pid: int, game_thread: int, frames: Iterable[_Frame], slices: Iterable[_Slice]
) -> Trace:
    """The trace of a game: its frames and slices, as `_core.Frames` gives them."""
    events = [_metadata("process_name", pid, 0, name=name)]
    by_thread: dict[int, list[_Part]] = defaultdict(list, {game_thread: []})
    sleeps: list[_Part] = []
    for kind, title, thread, start, duration in slices:
        part = _Part(title, _CATEGORIES[kind], start, duration)
        (sleeps if kind == IDLE else by_thread[thread]).append(part)
    tracks = [("frames", list(_nested([*_of_frames(frames), *sleeps])))]
    for number, (thread, parts) in enumerate(by_thread.items()):
        title = "game thread" if thread == game_thread else f"thread {number + 1}"
        tracks.append((title, list(_nested(parts))))
    tid = FRAMES_TRACK
    for title, lanes in tracks:
        for lane, parts in enumerate(lanes or [[]]):
            label = title if lane == 0 else f"{title} ({lane + 1})"
            events.append(_metadata("thread_name", pid, tid, name=label))
            events.append(_metadata("thread_sort_index", pid, tid, sort_index=tid))
            events += [_complete(part, pid, tid) for part in parts]
            tid += 1
    return Trace(events)


def _of_frames(frames: Iterable[_Frame]) -> Iterator[_Part]:
    for number, start, total, stagedoor, held, collecting, idle, _ in frames:
        args = {"number": number, "gc_ms": collecting / 1e6, "idle_ms": idle / 1e6}
        yield _Part("frame", "frame", start, total + held, args)
        yield _Part("stagedoor", "stagedoor", start, stagedoor)
        if held:
            yield _Part("paused", "paused", start + stagedoor, held)


def _nested(parts: list[_Part]) -> Iterator[list[_Part]]:
    """Divide parts into lanes, so that they nest in each lane. Spans of coroutines may overlap."""
    parts = sorted(parts, key=lambda part: (part.start, -part.duration))
    while parts:
        lane: list[_Part] = []
        others: list[_Part] = []
        ends: list[int] = []
        for part in parts:
            end = part.start + part.duration
            while ends and ends[-1] <= part.start:
                ends.pop()
            if ends and ends[-1] < end:
                others.append(part)
            else:
                lane.append(part)
                ends.append(end)
        yield lane
        parts = others


def _complete(part: _Part, pid: int, tid: int) -> TraceEvent:
    return TraceEvent(
        part.name, "X", pid, tid, part.start / 1000, part.duration / 1000, part.category, part.args
    )


def _metadata(kind: str, pid: int, tid: int, **args: Any) -> TraceEvent:
    return TraceEvent(kind, "M", pid, tid, 0.0, args=args)
