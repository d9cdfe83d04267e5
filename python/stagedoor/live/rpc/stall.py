"""`Stall` and `Place`: a game that has not come to `tick()`, and where its thread is instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final

from stagedoor.wire.text import exact

_OURS: Final = str(Path(__file__).parents[2] / "_").removesuffix("_")
"""How the names of stagedoor's files begin. The hooks of `stagedoor run` are among them."""


def is_ours(file: str) -> bool:
    """Whether a source file is one of stagedoor's."""
    return file.startswith(_OURS)


@dataclass(frozen=True, slots=True)
class Place:
    """The line of code that a thread is at."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.function}"

    @classmethod
    def of(cls, frame: FrameType | None) -> Place | None:
        """The place of a stack frame, in the program's own code if it was called from there."""
        while frame is not None and is_ours(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return None
        code = frame.f_code
        line = frame.f_lineno or code.co_firstlineno
        return cls(exact(code.co_filename), line, exact(code.co_name))


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall that has not ended."""

    since: float
    """When it began, by `time.monotonic()`."""
    where: Place | None
    """Where the game's thread was last seen; None if that is not known."""

    @property
    def seconds(self) -> float:
        """How long it has lasted, in seconds."""
        return monotonic() - self.since
