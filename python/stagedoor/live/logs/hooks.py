"""What stands in the places of Python's own hooks: each makes a record and hands on.

Loggers are heard where they call their handlers (`Logger.callHandlers`), not by a handler on the
root logger: one there would make `logging.basicConfig()` do nothing, silence what Python writes to
stderr for programs without handlers, miss loggers that do not propagate, and go with the next
`dictConfig()`.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Any

from stagedoor.live.logs.record import LogRecord, exact, shorten

if TYPE_CHECKING:
    from stagedoor.live.logs.capture import Log

Hook = Callable[..., Any]


def logging_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `logging.Logger.callHandlers`."""

    def make(call_handlers: Hook) -> Hook:
        def call_handlers_and_tell(logger: logging.Logger, record: logging.LogRecord) -> None:
            if not log.is_on:
                call_handlers(logger, record)
                return
            log.ring.append(_record_of(record))
            with log.here:  # what its handlers write to stderr is the same again
                call_handlers(logger, record)

        return call_handlers_and_tell

    return make


def _record_of(record: logging.LogRecord) -> LogRecord:
    """Filled in at once: the arguments may change, and must not be kept alive."""
    try:
        message = record.getMessage()
    except Exception as error:  # of the format, or of the arguments' own methods
        message = f"{record.msg!r} cannot be filled in: {type(error).__name__}"
    trace = ""
    if record.exc_info and record.exc_info[1] is not None:
        trace = record.exc_text or text_of(record.exc_info[1])
    if record.stack_info:
        trace = f"{trace}\n{record.stack_info}" if trace else record.stack_info
    told = LogRecord(
        0,
        record.created,
        exact(record.levelname),
        record.levelno,
        exact(record.name),
        message,
        "logging",
        exact(record.threadName or ""),
        exact(record.pathname),
        record.lineno,
        exact(record.funcName or ""),
    )
    return shorten(told, trace)


def exception_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `sys.excepthook`: the program is about to end."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(kind: Any, value: Any, trace: Any, /) -> None:
            if log.is_on:
                _tell(log, "sys.excepthook", logging.CRITICAL, kind, value, trace)
                log.end()
            with log.here:
                before(kind, value, trace)

        return tell_and_hand_on

    return make


def thread_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `threading.excepthook`. SystemExit ends a thread and is nobody's mistake."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(args: threading.ExceptHookArgs, /) -> Any:
            if log.is_on and args.exc_type is not SystemExit:
                _tell(log, "threading.excepthook", logging.ERROR, *args[:3])
            with log.here:
                return before(args)

        return tell_and_hand_on

    return make


def unraisable_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `sys.unraisablehook`: exceptions of `__del__`, of callbacks from C, and the like."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(unraisable: Any, /) -> Any:
            if log.is_on:
                where = f"{unraisable.err_msg or 'Exception ignored in'} {_repr(unraisable.object)}"
                exception = unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback
                _tell(log, "sys.unraisablehook", logging.ERROR, *exception, where=f"{where}: ")
            with log.here:
                return before(unraisable)

        return tell_and_hand_on

    return make


def warning_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `warnings.showwarning`."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(
            message: Any, category: Any, filename: str, lineno: int, *rest: Any, **named: Any
        ) -> None:
            # What `logging.captureWarnings()` makes of it is heard as any logger.
            if log.is_on and before is not getattr(logging, "_showwarning", None):
                text = f"{category.__name__}: {message}"
                record = LogRecord(
                    0,
                    time(),
                    logging.getLevelName(logging.WARNING),
                    logging.WARNING,
                    "py.warnings",
                    text,
                    "warning",
                    exact(threading.current_thread().name),
                    exact(filename),
                    lineno,
                )
                log.ring.append(shorten(record))
            with log.here:
                before(message, category, filename, lineno, *rest, **named)

        return tell_and_hand_on

    return make


def _tell(
    log: Log, hook: str, levelno: int, kind: Any, value: Any, trace: Any, where: str = ""
) -> None:
    value = kind() if value is None else value
    last = traceback.extract_tb(trace)[-1:] if trace is not None else []
    record = LogRecord(
        0,
        time(),
        logging.getLevelName(levelno),
        levelno,
        hook,
        where + "".join(traceback.format_exception_only(kind, value)).rstrip(),
        "exception",
        exact(threading.current_thread().name),
    )
    for frame in last:
        record.file, record.line = exact(frame.filename), frame.lineno or 0
        record.function = exact(frame.name)
    text = "".join(traceback.format_exception(kind, value, trace)).rstrip()
    log.ring.append(shorten(record, text))


def text_of(error: BaseException) -> str:
    """An exception's traceback, with those it came from."""
    return "".join(traceback.format_exception(error)).rstrip()


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__qualname__}>"
