"""The functions that replace Python's own hooks. Each makes a record and calls the original.

Loggers are recorded where they call their handlers (`Logger.callHandlers`), not by a handler on the
root logger. Such a handler would make `logging.basicConfig()` do nothing, silence what Python
writes to stderr for programs without handlers, miss loggers that do not propagate, and disappear
with the next `dictConfig()`.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from threading import get_ident
from time import time
from typing import TYPE_CHECKING, Any

from stagedoor.live.domains.logs.record import LogRecord, Source, shorten
from stagedoor.wire.text import exact

if TYPE_CHECKING:
    from stagedoor.live.domains.logs.capture import Log

Hook = Callable[..., Any]


def logging_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `logging.Logger.callHandlers`."""

    def make(call_handlers: Hook) -> Hook:
        def call_handlers_and_tell(logger: logging.Logger, record: logging.LogRecord) -> None:
            if not log.is_on:
                call_handlers(logger, record)
                return
            try:
                log.ring.append(_record_of(record))
            except Exception:
                # The game's own logging goes on. There is nowhere to report this.
                log.ring.skip(1)
            # This does what `log.mute()` does, in a third of the time.
            muted, ident = log.muted, get_ident()
            if ident in muted:
                call_handlers(logger, record)
                return
            muted.add(ident)  # its handlers may write the same record to stderr
            try:
                call_handlers(logger, record)
            finally:
                muted.discard(ident)

        return call_handlers_and_tell

    return make


def _record_of(record: logging.LogRecord) -> LogRecord:
    """Format the message at once: its arguments may change, and must not be kept alive."""
    try:
        message = record.getMessage()
    except Exception as error:  # raised by the format, or by the arguments' own methods
        message = f"{record.msg!r} cannot be formatted: {type(error).__name__}"
    trace = ""
    if record.exc_info and record.exc_info[1] is not None:
        trace = record.exc_text or _trace_of(record.exc_info[1])
    if record.stack_info:
        trace = f"{trace}\n{record.stack_info}" if trace else record.stack_info
    thread, file = record.threadName or "", record.pathname
    made = LogRecord(
        0,
        record.created,
        exact(record.levelname),
        record.levelno,
        exact(record.name),
        message,
        "logging",
        thread if thread.isascii() else exact(thread),
        file if file.isascii() else exact(file),
        record.lineno,
        exact(record.funcName or ""),
    )
    return shorten(made, trace)


def exception_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `sys.excepthook`: the program is about to end."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(kind: Any, value: Any, trace: Any, /) -> None:
            if log.is_on:
                with log.guard():
                    _tell(log, "sys.excepthook", logging.CRITICAL, kind, value, trace)
                log.end()
            with log.mute():
                before(kind, value, trace)

        return tell_and_hand_on

    return make


def thread_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `threading.excepthook`. SystemExit just ends the thread, and is not recorded."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(args: threading.ExceptHookArgs, /) -> Any:
            if log.is_on and args.exc_type is not SystemExit:
                with log.guard():
                    _tell(log, "threading.excepthook", logging.ERROR, *args[:3])
            with log.mute():
                return before(args)

        return tell_and_hand_on

    return make


def unraisable_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `sys.unraisablehook`: exceptions in `__del__`, in callbacks from C, and the like."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(unraisable: Any, /) -> Any:
            if log.is_on:
                with log.guard():
                    what = unraisable.err_msg or "Exception ignored in"
                    raised = unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback
                    where = f"{what} {_repr(unraisable.object)}: "
                    _tell(log, "sys.unraisablehook", logging.ERROR, *raised, where=where)
            with log.mute():
                return before(unraisable)

        return tell_and_hand_on

    return make


def warning_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `warnings.showwarning`."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(
            message: Any, category: Any, filename: str, lineno: int, *rest: Any, **named: Any
        ) -> None:
            # After `logging.captureWarnings()` the warning comes as a record of a logger.
            if log.is_on and before is not getattr(logging, "_showwarning", None):
                with log.guard():
                    text = f"{category.__name__}: {message}"
                    record = _new("py.warnings", logging.WARNING, text, "warning")
                    record.file, record.line = exact(filename), lineno
                    log.ring.append(shorten(record))
            with log.mute():
                before(message, category, filename, lineno, *rest, **named)

        return tell_and_hand_on

    return make


def _tell(
    log: Log, hook: str, levelno: int, kind: Any, value: Any, trace: Any, where: str = ""
) -> None:
    value = kind() if value is None else value
    text = "".join(traceback.format_exception_only(kind, value)).rstrip()
    record = _new(hook, levelno, where + text, "exception")
    for frame in traceback.extract_tb(trace)[-1:] if trace is not None else []:
        record.file, record.line = exact(frame.filename), frame.lineno or 0
        record.function = exact(frame.name)
    log.ring.append(shorten(record, _trace_of(value)))


def _new(logger: str, levelno: int, message: str, source: Source) -> LogRecord:
    return LogRecord(
        sequence=0,
        time=time(),
        level=exact(logging.getLevelName(levelno)),
        levelno=levelno,
        logger=logger,
        message=message,
        source=source,
        thread=exact(threading.current_thread().name),
    )


def _trace_of(error: BaseException) -> str:
    """The traceback, including the exceptions that led to this one."""
    return "".join(traceback.format_exception(error)).rstrip()


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__qualname__}>"
