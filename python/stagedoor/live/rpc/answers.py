"""The answers to calls, and what the log and the audit keep of them.

This is the same for methods of every kind. `plain` and `calls` run them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from time import monotonic
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from stagedoor.live.net.threads import get_ident
from stagedoor.live.rpc.methods import Method
from stagedoor.live.rpc.signature import Arguments
from stagedoor.wire import jsonrpc
from stagedoor.wire.encoding import to_json
from stagedoor.wire.errors import (
    FORBIDDEN,
    NOT_AUTHENTICATED,
    TOO_MANY_REQUESTS,
    HandlerError,
    InternalError,
    RpcError,
    TooManyRequests,
    told_by,
)
from stagedoor.wire.jsonrpc import Request
from stagedoor.wire.roles import Role
from stagedoor.wire.size import TooLargeError, UnsendableError
from stagedoor.wire.text import NO_TEXT, is_a, text_of, type_of

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

REFUSALS: Final = frozenset({FORBIDDEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS})
"""The errors that say that a caller may not."""
MAX_NAME: Final = 100
"""Characters of a method's name that are kept of a call that was refused."""
MAX_TEXT: Final = 10_000
"""Characters of an exception's text, and of a traceback, that a caller gets."""

INTERRUPTED: Final = HandlerError("KeyboardInterrupt", "the game was interrupted")
"""Answers a call during which Ctrl-C came."""


def refused(
    session: Session,
    error: RpcError,
    name: str,
    params: bytes | None = None,
    method: Method | None = None,
) -> RpcError:
    """Log and audit that a call is refused before it begins. Returns the error."""
    limit = error.limit if isinstance(error, TooManyRequests) else None
    _complain(session, limit or error.message, error, name)
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
        return jsonrpc.encode_result(
            request.id,
            result,
            hub.encoder,
            hub.limits.max_answer_size,
            may_escape=method.name in hub.methods.built_in,
        )
    except UnsendableError as error:
        return jsonrpc.encode_error(request.id, _unsendable(session, method, error))


def failed(
    session: Session, request: Request, method: Method, raised: BaseException, began: float
) -> bytes | None:
    """The answer to a call whose method has raised this; None for a notification, which gets no
    error either. Raises KeyboardInterrupt if it is Ctrl-C."""
    error = error_of(session, method, request.params, raised, began)
    return None if request.id is UNSET else refusal(session, request, error)


def refusal(session: Session, request: Request, error: RpcError) -> bytes:
    """The answer to a call that ends with this error."""
    assert request.id is not UNSET
    hub = session.hub
    try:
        return jsonrpc.encode_error(request.id, error, hub.encoder, hub.limits.max_answer_size)
    except UnsendableError as why:
        reason = f"the error of {request.method[:MAX_NAME]} cannot be sent as JSON: {why}"
        return jsonrpc.encode_error(request.id, InternalError(reason))


def interrupted(request: Request, answer: Callable[[bytes], object]) -> None:
    """Answer a call during which Ctrl-C came. The exception goes on to the game's loop. The game
    may survive it, so the caller must not be left waiting."""
    if request.id is not UNSET:
        answer(jsonrpc.encode_error(request.id, INTERRUPTED))


def arguments_of(session: Session, method: Method, params: bytes | None, began: float) -> Arguments:
    """The arguments to call the method with. Raises RpcError, and KeyboardInterrupt if it is
    Ctrl-C: types of the game may run code of the game, as `__post_init__`."""
    try:
        return method.signature.decode(params)
    except BaseException as error:
        known = told_by(error)
        raise known or error_of(session, method, params, error, began) from None


def encoded(session: Session, method: Method, result: object) -> bytes:
    """The result as JSON, without an answer around it. Raises InternalError if it cannot be
    sent."""
    hub = session.hub
    try:
        is_ours = method.name in hub.methods.built_in
        return to_json(result, hub.encoder, hub.limits.max_answer_size, may_escape=is_ours)
    except UnsendableError as error:
        raise _unsendable(session, method, error) from None


def error_of(
    session: Session, method: Method, params: bytes | None, raised: BaseException, began: float
) -> RpcError:
    """The error that tells a caller of an exception, after it was noted. Raises KeyboardInterrupt
    if it is Ctrl-C."""
    try:
        error = told(session, method, raised)
    except KeyboardInterrupt:
        note(session, method, params, None, began)
        raise
    note(session, method, params, error.code, began)
    return error


def note(
    session: Session, method: Method, params: bytes | None, error: int | None, began: float
) -> None:
    """Audit a call that has ended, if it may have changed something or was refused."""
    if method.is_audited or error in REFUSALS:
        kept = None if method.takes_secrets else params
        session.hub.audit.add(session.caller, method.name, kept, error, began)


def told(session: Session, method: Method, raised: BaseException) -> RpcError:
    """The error that tells a caller of an exception, whatever it is. Nothing else decides this.

    KeyboardInterrupt on the game's thread is Ctrl-C, and is raised again: it is the game's. On any
    other thread it is an exception like others, and so is SystemExit everywhere: a client may not
    end the game by calling something that raises."""
    is_game = get_ident() == session.hub.game_thread
    if is_game and is_a(raised, KeyboardInterrupt):
        raise raised
    if (error := told_by(raised)) is not None:
        if error.code in REFUSALS:  # its text may be the caller's
            _complain(session, ("refused", method.name, error.code), error, method.name)
        return error
    complaints = session.hub.complaints
    try:
        complaints.add(("raised", method.name), "the method %s raised", method.name, error=raised)
        return HandlerError.of(raised, MAX_TEXT, with_traceback=session.role is Role.ADMIN)
    except KeyboardInterrupt:  # of the exception's own methods
        if is_game:
            raise
        return HandlerError(type_of(raised), NO_TEXT)


def _complain(session: Session, kind: Hashable, error: RpcError, name: str) -> None:
    text = "%s: the call of %r was refused: %s"
    session.hub.complaints.add(kind, text, session, name[:MAX_NAME], text_of(error))


def _unsendable(session: Session, method: Method, error: UnsendableError) -> InternalError:
    if isinstance(error, TooLargeError):
        text = f"the result of {method.name} is too large: {error}"
        session.hub.complaints.add("answer size", f"{session}: {text}")
    else:
        text = f"the result of {method.name} cannot be sent as JSON: {error}"[:MAX_TEXT]
        session.hub.complaints.add(("unsendable", method.name), "%s", text, level=logging.ERROR)
    return InternalError(text)
