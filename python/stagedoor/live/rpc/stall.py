"""`Stall` and `Place`: the game's thread has not come to `tick()`, and where it is instead."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from types import FrameType


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code that a thread is in."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.function}"

    @classmethod
    def of(cls, frame: FrameType | None) -> Place | None:
        """Where a frame is."""
        if frame is None:
            return None
        code = frame.f_code
        return cls(code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_name)


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall that goes on."""

    since: float
    """By `time.monotonic()`."""
    where: Place | None
    """As last seen; None if it could not be found out."""

    @property
    def seconds(self) -> float:
        """For how long."""
        return monotonic() - self.since
