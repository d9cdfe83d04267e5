"""`thread_stacks()`: the stacks of this process's threads."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Final

from stagedoor.live.domains.logs.record import exact
from stagedoor.live.net import threads

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


def thread_stacks(game_thread: int) -> list[ThreadStack]:
    """The stacks of the threads that run Python, the game's thread first.

    Any thread may call it, whatever the others do.
    """
    known = threads.named()
    stacks = []
    for ident, frame in sys._current_frames().items():
        thread = known.get(ident)
        frames, omitted = _frames(frame)
        stacks.append(
            ThreadStack(
                name="" if thread is None else exact(thread.name),
                ident=ident,
                daemon=thread is not None and thread.daemon,
                is_game_thread=ident == game_thread,
                frames=frames,
                omitted=omitted,
            )
        )
    return sorted(stacks, key=lambda stack: (not stack.is_game_thread, stack.name))


def _frames(innermost: FrameType) -> tuple[list[StackFrame], int]:
    frames: list[StackFrame] = []
    omitted = 0
    frame: FrameType | None = innermost
    while frame is not None:
        if len(frames) < MAX_FRAMES:
            code, line = frame.f_code, frame.f_lineno or 0
            source = linecache.getline(code.co_filename, line, frame.f_globals).strip()
            place = exact(code.co_filename), line, exact(code.co_name), exact(source[:200])
            frames.append(StackFrame(*place))
        else:
            omitted += 1
        frame = frame.f_back
    frames.reverse()
    return frames, omitted
