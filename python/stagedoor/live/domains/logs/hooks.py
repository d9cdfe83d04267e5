"""The functions that replace Python's own hooks. Each makes a record and calls the original.

Loggers are recorded where they call their handlers (`Logger.callHandlers`), not by a handler on the
root logger. Such a handler would make `logging.basicConfig()` do nothing, silence what Python
writes to stderr for programs without handlers, miss loggers that do not propagate, and disappear
with the next `dictConfig()`.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from threading import get_ident
from time import time
from typing import TYPE_CHECKING, Any

from stagedoor.live.domains.logs.record import LogRecord, Source, number, shorten
from stagedoor.wire.text import exact, is_a, text_of, traceback_of, type_of

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
            except KeyboardInterrupt:
                raise
            except BaseException:
                # The game's own logging goes on. There is nowhere to report this.
                log.ring.skip(1)
            # This does what `log.mute()` does, in a third of the time.
            muted, ident = log.muted, get_ident()
            if ident in muted:
                call_handlers(logger, record)
                return
            try:  # an interrupt of the console may come between any two lines
                muted.add(ident)  # its handlers may write the same record to stderr
                call_handlers(logger, record)
            finally:
                muted.discard(ident)

        return call_handlers_and_tell

    return make


def _record_of(record: logging.LogRecord) -> LogRecord:
    """Format the message at once: its arguments may change, and must not be kept alive."""
    try:
        message = record.getMessage()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # raised by the format, or by the arguments' own methods
        message = f"{_repr(record.msg)} cannot be formatted: {type_of(error)}"
    trace = ""
    info: object = record.exc_info
    if info is not None and is_a(info, tuple) and len(info) == 3 and is_a(info[1], BaseException):
        trace = _text(record.exc_text) or traceback_of(info[1])
    if stack := _text(record.stack_info):
        trace = f"{trace}\n{stack}" if trace else stack
    made = LogRecord(
        0,
        record.created if type(record.created) is float else time(),
        _text(record.levelname),
        number(record.levelno),
        _text(record.name),
        message,
        "logging",
        _text(record.threadName),
        _text(record.pathname),
        number(record.lineno),
        _text(record.funcName),
    )
    return shorten(made, trace)


def exception_hook(log: Log) -> Callable[[Hook], Hook]:
    """For `sys.excepthook`: the program is about to end."""

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(kind: Any, value: Any, trace: Any, /) -> None:
            if log.is_on:
                with log.guard():
                    _tell(log, "sys.excepthook", logging.CRITICAL, kind, value, trace)
                log.end(kind() if value is None else value)
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
    """For `sys.unraisablehook`: exceptions in `__del__`, in callbacks from C, and the like.

    At the interpreter's exit it only calls the original: the modules are gone, and nobody listens.
    """
    is_exit = sys.is_finalizing

    def make(before: Hook) -> Hook:
        def tell_and_hand_on(unraisable: Any, /) -> Any:
            if is_exit():
                return before(unraisable)
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
                    record.file, record.line = _text(filename), number(lineno)
                    log.ring.append(shorten(record))
            with log.mute():
                before(message, category, filename, lineno, *rest, **named)

        return tell_and_hand_on

    return make


def _tell(
    log: Log, hook: str, levelno: int, kind: Any, value: Any, trace: Any, where: str = ""
) -> None:
    value = kind() if value is None else value
    record = _new(hook, levelno, where + _line_of(kind, value), "exception")
    for frame in traceback.extract_tb(trace)[-1:] if trace is not None else []:
        record.file, record.line = exact(frame.filename), frame.lineno or 0
        record.function = exact(frame.name)
    log.ring.append(shorten(record, traceback_of(value)))


def _new(logger: str, levelno: int, message: str, source: Source) -> LogRecord:
    return LogRecord(
        sequence=0,
        time=time(),
        level=text_of(logging.getLevelName(levelno)),
        levelno=levelno,
        logger=logger,
        message=message,
        source=source,
        thread=_text(threading.current_thread().name),
    )


def _line_of(kind: Any, error: BaseException) -> str:
    """The exception without its traceback, as Python prints it."""
    try:
        return "".join(traceback.format_exception_only(kind, error)).rstrip()
    except KeyboardInterrupt:
        raise
    except BaseException:  # of the exception's own methods
        return f"{type_of(error)}: {text_of(error)}"


def _text(value: object) -> str:
    """A text of a record, in which the game may put anything; empty for None."""
    if type(value) is str and value.isascii():
        return value
    return "" if value is None else text_of(value)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return f"<{type(value).__qualname__}>"
