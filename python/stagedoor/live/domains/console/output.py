"""`printed()`: keeps what a thread prints in a block, and gives it no input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import UnsupportedOperation
from typing import Any, Final

from stagedoor.live.net.threads import get_ident
from stagedoor.wire.text import exact

MAX_PRINTED: Final = 100_000
"""Characters that are kept: the first."""


class Printed:
    """What was printed."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self.omitted = 0
        """Characters that were not kept."""

    def add(self, text: str) -> None:
        """Keep a text, or as much of it as there is room for."""
        kept = text[: max(0, MAX_PRINTED - self._size)]
        self.omitted += len(text) - len(kept)
        if kept:
            self._parts.append(exact(kept))
            self._size += len(kept)

    @property
    def text(self) -> str:
        """All that was kept."""
        return "".join(self._parts)


class _Stream:
    """Stands in for `sys.stdout` or `sys.stderr`. Only `write` differs, and only for one thread
    until the block has ended: code may keep this for longer."""

    def __init__(self, stream: Any, printed: Printed) -> None:
        self._stream = stream
        self._printed = printed
        self._thread: int | None = get_ident()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if get_ident() == self._thread:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            self._printed.add(text)
        elif self._stream is not None:  # as under pythonw
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if get_ident() != self._thread and self._stream is not None:
            self._stream.flush()

    def isatty(self) -> bool:
        return False

    def end(self) -> None:
        """From now on, everything goes to the stream."""
        self._thread = None


class _NoInput:
    """Stands in for `sys.stdin`, which is at its end for one thread: it must not wait for somebody
    at the game's own terminal. Nor does it close that, as `exit()` would."""

    def __init__(self, stream: Any, thread: int) -> None:
        self._stream = stream
        self._thread: int | None = thread

    def __getattr__(self, name: str) -> Any:
        if get_ident() != self._thread:
            return getattr(self._stream, name)
        if name in ("read", "readline"):
            return lambda *_: ""
        if name == "readlines":
            return lambda *_: []
        if name == "close":
            return lambda: None
        if name == "fileno":
            return _no_file
        return False if name == "closed" else getattr(self._stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.readlines())

    def end(self) -> None:
        """From now on, everything comes from the stream."""
        self._thread = None


def _no_file() -> int:
    raise UnsupportedOperation("the console has no input")


@contextmanager
def printed() -> Iterator[Printed]:
    """In the block, what this thread writes to stdout and stderr is kept, and it reads nothing from
    stdin. Other threads print and read."""
    kept = Printed()
    before = {name: getattr(sys, name) for name in ("stdout", "stderr", "stdin")}
    streams: dict[str, _Stream | _NoInput] = {
        "stdout": _Stream(before["stdout"], kept),
        "stderr": _Stream(before["stderr"], kept),
        "stdin": _NoInput(before["stdin"], get_ident()),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
    try:
        yield kept
    finally:
        for name, stream in streams.items():
            stream.end()
            if getattr(sys, name) is stream:  # the code may have put another there
                setattr(sys, name, before[name])
