"""`printed()`: keeps what a thread prints in a block, instead of printing it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def printed() -> Iterator[Printed]:
    """In the block, what this thread writes to stdout and stderr is kept. Other threads print."""
    kept = Printed()
    streams = {name: _Stream(getattr(sys, name), kept) for name in ("stdout", "stderr")}
    before = {name: getattr(sys, name) for name in streams}
    for name, stream in streams.items():
        setattr(sys, name, stream)
    try:
        yield kept
    finally:
        for name, stream in streams.items():
            stream.end()
            if getattr(sys, name) is stream:  # the code may have put another there
                setattr(sys, name, before[name])
