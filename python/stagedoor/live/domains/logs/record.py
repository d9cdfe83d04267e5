"""`LogRecord`: one thing that the game said."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

MAX_TEXT: Final = 16 * 1024
"""Characters of a message, or of a traceback, that are kept."""

Source: TypeAlias = Literal["logging", "stdout", "stderr", "warning", "exception"]
"""By what way it was said; an exception is one that nobody caught."""


class LogRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One thing that the game said. What is not known, or empty, is left out."""

    sequence: int
    """Counts by 1, from 1; 0 while it is not in a ring."""
    time: float
    """Seconds since the epoch."""
    level: str
    """DEBUG, INFO, WARNING, ERROR, CRITICAL, or a name that the game has made."""
    levelno: int
    """The level as a number, as in `logging`: INFO is 20."""
    logger: str
    """The logger's name, the stream's, or the hook's: `sys.excepthook`."""
    message: str
    """One line of a stream; of `logging` the message, its arguments filled in."""
    source: Source
    thread: str = ""
    """The thread's name."""
    file: str = ""
    line: int = 0
    function: str = ""
    traceback: str = ""
    omitted: int = 0
    """Characters that were cut off: the end of the message, the middle of the traceback."""


def exact(text: str) -> str:
    """The same text, as JSON can carry it: a str itself, without lone surrogates."""
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def shorten(record: LogRecord, traceback: str = "") -> LogRecord:
    """Bound the message, and add a traceback, bounded: its ends say more than its middle."""
    if len(record.message) > MAX_TEXT:
        record.omitted = len(record.message) - MAX_TEXT
        record.message = record.message[:MAX_TEXT]
    if len(traceback) > MAX_TEXT:
        half = MAX_TEXT // 2
        record.omitted += len(traceback) - 2 * half
        traceback = f"{traceback[:half]}\n[...]\n{traceback[-half:]}"
    record.message = exact(record.message)
    if traceback:
        record.traceback = exact(traceback)
    return record
