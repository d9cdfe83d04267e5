"""`thread_stacks()`: the stacks of this process's threads."""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType
from typing import Any, Final, NamedTuple

from stagedoor.live.net import threads
from stagedoor.wire.text import exact, is_true, text_of

MAX_FRAMES: Final = 100
"""The most frames of one thread: the innermost."""


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One function call that has not returned."""

    file: str
    line: int
    function: str
    source: str
    """The text of the line; empty if it is not available."""


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """One thread, and its stack."""

    name: str
    """Empty for a thread that Python did not start."""
    ident: int
    daemon: bool
    is_game_thread: bool
    """This thread answers callers."""
    frames: list[StackFrame]
    """The innermost call last."""
    omitted: int
    """How many outer calls are left out. 100 calls are listed at most."""


class Captured(NamedTuple):
    """A thread's stack as it was at one moment, without the sources."""

    thread: threading.Thread | None
    """None: Python did not start it."""
    ident: int
    is_game_thread: bool
    calls: list[tuple[CodeType, int, dict[str, Any]]]
    """The code, line and globals of each call; the outermost first."""
    omitted: int

    @property
    def name(self) -> str:
        """Empty for a thread that Python did not start."""
        return "" if self.thread is None else text_of(_of(self.thread, "name", ""))

    def described(self) -> ThreadStack:
        """With the sources. Those that nobody has asked for before are read from their files."""
        return ThreadStack(
            name=self.name,
            ident=self.ident,
            daemon=self.thread is not None and is_true(_of(self.thread, "daemon", False)),
            is_game_thread=self.is_game_thread,
            frames=[_described(*call) for call in self.calls],
            omitted=self.omitted,
        )


def capture(game_thread: int) -> list[Captured]:
    """The stacks of the threads that run Python, the game's thread first.

    Any thread may call it, whatever the others do.
    """
    known = threads.named()
    stacks = [
        Captured(known.get(ident), ident, ident == game_thread, *_calls(frame))
        for ident, frame in sys._current_frames().items()
    ]
    return sorted(stacks, key=lambda stack: (not stack.is_game_thread, stack.name))


def stack_of(trace: TracebackType | None, thread: int) -> Captured:
    """The stack that an exception came through, from its traceback."""
    calls: list[tuple[CodeType, int, dict[str, Any]]] = []
    while trace is not None:
        frame = trace.tb_frame
        calls.append((frame.f_code, trace.tb_lineno or 0, frame.f_globals))
        trace = trace.tb_next
    omitted = max(0, len(calls) - MAX_FRAMES)
    return Captured(None, thread, True, calls[omitted:], omitted)


def thread_stacks(game_thread: int) -> list[ThreadStack]:
    """What `capture()` returns, with the sources."""
    return [stack.described() for stack in capture(game_thread)]


def read_sources(stacks: list[Captured]) -> Iterator[str]:
    """Read the source files that nobody has asked for before. Gives the name of each."""
    for stack in stacks:
        for code, line, module in stack.calls:
            file = code.co_filename
            if file not in linecache.cache:
                _source(file, line, module)
                if file in linecache.cache:  # it is there
                    yield file


def _calls(innermost: FrameType) -> tuple[list[tuple[CodeType, int, dict[str, Any]]], int]:
    calls: list[tuple[CodeType, int, dict[str, Any]]] = []
    omitted = 0
    frame: FrameType | None = innermost
    while frame is not None:
        if len(calls) < MAX_FRAMES:
            calls.append((frame.f_code, frame.f_lineno or 0, frame.f_globals))
        else:
            omitted += 1
        frame = frame.f_back
    calls.reverse()
    return calls, omitted


def _described(code: CodeType, line: int, module: dict[str, Any]) -> StackFrame:
    source = _source(code.co_filename, line, module)
    return StackFrame(exact(code.co_filename), line, exact(code.co_name), source)


def _source(file: str, line: int, module: dict[str, Any]) -> str:
    """The text of the line. Names of files may be no UTF-8, the cache may have anything in it, and
    a module's loader may be the game's."""
    try:
        return exact(linecache.getline(file, line, module).strip()[:200])
    except KeyboardInterrupt:
        raise
    except BaseException:
        return ""


def _of(thread: threading.Thread, name: str, otherwise: object) -> object:
    """An attribute of a thread, whose type may be the game's."""
    try:
        return getattr(thread, name)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return otherwise
