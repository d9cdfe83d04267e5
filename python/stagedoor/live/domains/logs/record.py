"""`LogRecord`: one record of the game's log."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from stagedoor.wire.text import exact, is_a, text_of

MAX_TEXT: Final = 16 * 1024
"""Characters of a message, or of a traceback, that are kept."""

Source: TypeAlias = Literal["logging", "stdout", "stderr", "warning", "exception"]
"""Where a record comes from. `exception` is an uncaught exception."""


class LogRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One record of the game's log. Fields that are unknown or empty are left out."""

    sequence: int
    """The record's number. Numbers count by 1, from 1. It is 0 while the record is in no ring."""
    time: float
    """Seconds since the epoch."""
    level: str
    """DEBUG, INFO, WARNING, ERROR, CRITICAL, or a name that the game has added."""
    levelno: int
    """The level as a number, as in `logging`: INFO is 20."""
    logger: str
    """The name of the logger, of the stream, or of the hook, as `sys.excepthook`."""
    message: str
    """The message with its arguments filled in, or one line of a stream."""
    source: Source
    thread: str = ""
    """The thread's name."""
    file: str = ""
    line: int = 0
    function: str = ""
    traceback: str = ""
    omitted: int = 0
    """Characters that were cut off: the end of the message, the middle of the traceback."""


def shorten(record: LogRecord, traceback: str = "") -> LogRecord:
    """Cut a long message, and add the traceback. A long one keeps its ends: they say the most."""
    if type(record.message) is not str:
        record.message = text_of(record.message)
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


def number(value: object) -> int:
    """A number as a record carries it; 0 for what is none: a game makes records of anything."""
    if type(value) is not int:
        value = int.__index__(value) if is_a(value, int) else 0
    return value if abs(value) < 2**53 else 0
