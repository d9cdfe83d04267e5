"""The answers to calls, and what the log and the audit keep of them.

This is the same for methods of every kind. `plain` and `calls` run them.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from stagedoor.live.rpc.methods import Method
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import (
    FORBIDDEN,
    NOT_AUTHENTICATED,
    TOO_MANY_REQUESTS,
    HandlerError,
    InternalError,
    RpcError,
    TooManyRequests,
)
from stagedoor.wire.jsonrpc import Request
from stagedoor.wire.roles import Role
from stagedoor.wire.size import TooLargeError, check_surface

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

REFUSALS: Final = frozenset({FORBIDDEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS})
"""The errors that say that a caller may not."""
MAX_NAME: Final = 100
"""Characters of a method's name that are kept of a call that was refused."""
MAX_TEXT: Final = 10_000
"""Characters of an exception's text, and of a traceback, that a caller gets."""


def refused(
    session: Session,
    error: RpcError,
    name: str,
    params: bytes | None = None,
    method: Method | None = None,
) -> RpcError:
    """Log and audit that a call is refused before it begins. Returns the error."""
    _complain(session, error, name)
    kept = None if method is None or method.takes_secrets else params
    session.hub.audit.add(session.caller, name[:MAX_NAME], kept, error.code, monotonic())
    return error


def returned(
    session: Session, request: Request, method: Method, result: object, began: float
) -> bytes | None:
    """The answer to a call whose method has returned this; None for a notification. `began` is by
    `monotonic`."""
    note(session, method, request.params, None, began)
    if request.id is UNSET:
        return None
    hub = session.hub
    try:
        return jsonrpc.encode_result(request.id, result, hub.encoder, hub.limits.max_answer_size)
    except jsonrpc.UNENCODABLE as error:
        return jsonrpc.encode_error(request.id, _unsendable(session, method, error))


def failed(
    session: Session, request: Request, method: Method, raised: BaseException, began: float
) -> bytes | None:
    """The answer to a call whose method has raised this; None for a notification, which gets no
    error either. Raises KeyboardInterrupt if it is that."""
    error = error_of(session, method, request.params, raised, began)
    if request.id is UNSET:
        return None
    try:
        return jsonrpc.encode_error(request.id, error, session.hub.limits.max_answer_size)
    except jsonrpc.UNENCODABLE:
        plain = InternalError(f"the error of {request.method} cannot be sent as JSON")
        return jsonrpc.encode_error(request.id, plain)


def interrupted(request: Request, answer: Callable[[bytes], object]) -> None:
    """Answer a call during which Ctrl-C came. The exception goes on to the game's loop. The game
    may survive it, so the caller must not be left waiting."""
    if request.id is not UNSET:
        error = HandlerError("KeyboardInterrupt", "the game was interrupted")
        answer(jsonrpc.encode_error(request.id, error))


def encoded(session: Session, method: Method, result: object) -> bytes:
    """The result as JSON, without an answer around it. Raises InternalError if it cannot be
    sent."""
    hub = session.hub
    try:
        check_surface(result, hub.limits.max_answer_size)
        return hub.encoder.encode(result)
    except jsonrpc.UNENCODABLE as error:
        raise _unsendable(session, method, error) from None


def error_of(
    session: Session, method: Method, params: bytes | None, raised: BaseException, began: float
) -> RpcError:
    """The error that tells a caller of an exception, after it was noted. Raises KeyboardInterrupt
    if it is that."""
    error = _error_of(session, method, raised)
    note(session, method, params, None if error is None else error.code, began)
    if error is None:
        raise raised
    return error


def note(
    session: Session, method: Method, params: bytes | None, error: int | None, began: float
) -> None:
    """Audit a call that has ended, if it may have changed something or was refused."""
    if method.is_audited or error in REFUSALS:
        kept = None if method.takes_secrets else params
        session.hub.audit.add(session.caller, method.name, kept, error, began)


def _error_of(session: Session, method: Method, raised: BaseException) -> RpcError | None:
    if isinstance(raised, KeyboardInterrupt):
        return None
    if isinstance(raised, RpcError):
        if raised.code in REFUSALS:
            _complain(session, raised, method.name)
        return raised
    # A client may not end the game by calling something that raises.
    complaints = session.hub.complaints
    complaints.add(("raised", method.name), "the method %s raised", method.name, error=raised)
    trace = None
    if session.role is Role.ADMIN:
        trace = "".join(traceback.format_exception(raised))[-MAX_TEXT:]
    return HandlerError(type(raised).__name__, _text(raised), trace)


def _complain(session: Session, error: RpcError, name: str) -> None:
    cause = error.limit if isinstance(error, TooManyRequests) else None
    text = f"{session}: the call of {name[:MAX_NAME]!r} was refused: {error}"
    session.hub.complaints.add(cause or error.message, text)


def _unsendable(session: Session, method: Method, error: Exception) -> InternalError:
    if isinstance(error, TooLargeError):
        text = f"the result of {method.name} is too large: {error}"
        session.hub.complaints.add("answer size", f"{session}: {text}")
    else:
        text = f"the result of {method.name} cannot be sent as JSON: {_reason(error)}"
        session.hub.complaints.add(("unsendable", method.name), text, level=logging.ERROR)
    return InternalError(text)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:
        return "(its text cannot be had)"
