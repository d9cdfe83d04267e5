"""How a plain method is called, and how its call ends.

A session uses `run()`. The fast path does the same natively while nothing unusual happens; it
leaves the rest to `ended()` and `overran()`. `frame.batch` uses `result_of()`, because it answers
several calls at once. The understudy uses `overrun()`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import UNSET

from stagedoor._core import WRONG_TOKEN_DELAY
from stagedoor.live.rpc import answers
from stagedoor.live.rpc.keys import WrongToken
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.signature import Arguments
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import TimedOut
from stagedoor.wire.jsonrpc import Request
from stagedoor.wire.text import is_a

if TYPE_CHECKING:
    from stagedoor._core import Running
    from stagedoor.live.rpc.hub import Hub
    from stagedoor.live.rpc.session import Session


def run(
    session: Session,
    request: Request,
    method: Method,
    arguments: Arguments,
    answer: Callable[[bytes], None],
) -> bytes | None:
    """Call the method, or take all steps of a generator at once. Returns the answer; None for a
    notification, and for a call that the understudy has answered meanwhile, through `answer`."""
    running = session.hub.running.begin(request, method, answer)
    result, raised = None, None
    try:
        result = method.invoke(session, arguments)
        if method.kind is Kind.GENERATOR:
            result = exhaust(result)
    except BaseException as error:
        raised = error
    return ended(session, running, result, raised)


def exhaust(steps: Generator[object, None, object]) -> object:
    """Take all steps of a generator. Returns what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def ended(
    session: Session, running: Running[Method], result: object, raised: BaseException | None
) -> bytes | None:
    """End a call whose method has returned or raised this. Returns what `run()` does. Raises
    KeyboardInterrupt if it is Ctrl-C; the call is answered then."""
    hub, asked, method, began = session.hub, running.asked, running.method, running.began
    request = asked if isinstance(asked, Request) else _read(hub, asked)
    try:
        if raised is None:
            text = answers.returned(session, request, method, result, began)
        else:
            text = answers.failed(session, request, method, raised, began)
    except KeyboardInterrupt:
        if hub.running.end(running):
            answers.interrupted(request, running.answer)
        raise
    if not hub.running.end(running):
        overran(hub, running)
        return None
    if text is not None and is_a(raised, WrongToken):
        hub.answer_later(partial(running.answer, text), WRONG_TOKEN_DELAY)
        return None
    return text


def result_of(
    session: Session, method: Method, params: bytes | None, arguments: Arguments
) -> bytes:
    """Call the method. Returns its result as JSON. Raises RpcError if its caller is to be told of
    an error, and KeyboardInterrupt if it is Ctrl-C. The understudy does not know of this call."""
    began = monotonic()
    try:
        value = method.invoke(session, arguments)
    except BaseException as error:
        raise answers.error_of(session, method, params, error, began) from None
    answers.note(session, method, params, None, began)
    return answers.encoded(session, method, value)


def overrun(hub: Hub, running: Running[Method]) -> None:
    """Tell the caller that the method takes longer than its timeout. The method goes on, and its
    result will be dropped. Runs on the understudy's thread."""
    asked = running.asked
    request = asked if isinstance(asked, Request) else _read(hub, asked)
    if request.id is not UNSET and hub.running.end(running):
        running.answer(jsonrpc.encode_error(request.id, TimedOut(running.method.timeout or 0.0)))


def overran(hub: Hub, running: Running[Method]) -> None:
    """Log that a method has ended after the understudy had answered its call."""
    method = running.method
    hub.complaints.add(
        ("overran", method.name),
        "the method %s took %.1f s, its timeout is %g s: its caller was told so, and what "
        "came of it is dropped",
        method.name,
        monotonic() - running.began,
        method.timeout,
    )


def _read(hub: Hub, message: str) -> Request:
    request = hub.decode(message)
    assert isinstance(request, Request), "the fast path has read it"
    return request
