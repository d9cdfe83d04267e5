"""`Lines`: records what is written to stdout and stderr, line by line.

The stream stays in its place. Only its `write` is replaced, by a function that calls the original
first. So identity, type, `fileno`, `buffer`, `encoding` and everything else are as before, and code
that got the stream earlier is recorded, too. Bytes that go to `buffer` or to the descriptor are not
recorded.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from threading import current_thread, get_ident
from time import monotonic, time
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Literal

from stagedoor.live.domains.logs.record import MAX_TEXT, LogRecord, shorten
from stagedoor.wire.text import exact

if TYPE_CHECKING:
    from stagedoor.live.domains.logs.capture import Log

SETTLED: Final = 1.0
"""Seconds after which the beginning of a line is recorded without its end."""

_SHORT: Final = 1000
_LEVELS: Final = {"stdout": logging.INFO, "stderr": logging.WARNING}

StreamName = Literal["stdout", "stderr"]


class Lines:
    """Makes records of the lines that threads write to one stream."""

    def __init__(self, log: Log, name: StreamName) -> None:
        self._log = log
        self._name: StreamName = name
        self._levelno = _LEVELS[name]
        self._level = logging.getLevelName(self._levelno)
        self._begun: dict[int, tuple[str, float]] = {}
        """The line that each thread has begun, and when. Each entry is changed in single steps,
        because a thread may settle a line that another thread has begun."""

    def writer(self, write: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function that replaces the stream's own `write`."""
        log, muted = self._log, self._log.muted
        begun, tell, take = self._begun, self._tell, self._take

        def write_and_tell(text: Any, /) -> Any:
            written = write(text)  # the program gets what this raises
            ident = get_ident()
            if text and log.is_on and ident not in muted:
                try:
                    before = begun.pop(ident, None)
                    if before is not None and text == "\n":  # the second half of a print()
                        tell(before[0], sys._getframe(1))
                    elif before is None and "\n" not in text and len(text) < _SHORT:
                        begun[ident] = (exact(text), monotonic())
                    else:
                        take(text, before, ident, sys._getframe(1))
                except Exception:
                    # The program's print() has gone well. There is nowhere to report this.
                    log.ring.skip(1)
            return written

        return write_and_tell

    def _take(
        self, text: str, before: tuple[str, float] | None, ident: int, frame: FrameType
    ) -> None:
        text = exact(text)
        since = monotonic() if before is None else before[1]
        if before is not None:
            text = before[0] + text
        if "\n" in text:
            *lines, text = text.split("\n")
            if (beyond := len(lines) - self._log.ring.max_count) > 0:
                self._log.ring.skip(beyond)
                del lines[:beyond]
            for line in lines:
                self._tell(line, frame)
            since = monotonic()
        if len(text) > MAX_TEXT:
            self._tell(text, frame)
        elif text:
            self._begun[ident] = (text, since)

    def settle(self) -> None:
        """Record lines that have not ended for a while. The rest of each will be another record."""
        now = monotonic()
        for ident, (_, since) in list(self._begun.items()):
            if now - since >= SETTLED and (taken := self._begun.pop(ident, None)) is not None:
                self._tell(taken[0], None)

    def _tell(self, line: str, frame: FrameType | None) -> None:
        if "\r" in line:  # a progress bar: keep what it shows at the end
            line = line.rstrip("\r").rpartition("\r")[2]
        if not line:
            return
        name = self._name
        if frame is None:
            record = LogRecord(0, time(), self._level, self._levelno, name, line, name)
        else:
            thread, code = current_thread().name, frame.f_code
            file = code.co_filename
            record = LogRecord(
                0,
                time(),
                self._level,
                self._levelno,
                name,
                line,
                name,
                thread if thread.isascii() else exact(thread),
                file if file.isascii() else exact(file),
                frame.f_lineno or 0,
                exact(code.co_name),
            )
        if len(line) > MAX_TEXT:
            shorten(record)
        self._log.ring.append(record)
