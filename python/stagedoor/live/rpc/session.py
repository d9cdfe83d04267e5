"""`Session`: one client of the RPC interface."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from msgspec import UNSET

from stagedoor.live.rpc.calls import Call, Outcome
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.roles import Role
from stagedoor.live.rpc.signature import Arguments
from stagedoor.live.websocket import WebSocketServerConnection
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import (
    Forbidden,
    GameStalled,
    HandlerError,
    InternalError,
    NotAuthenticated,
    ParseError,
    RpcError,
    TimedOut,
    TooManyRequests,
)
from stagedoor.wire.jsonrpc import Malformed, Message, Request

if TYPE_CHECKING:
    from stagedoor.live.rpc.hub import Hub
    from stagedoor.live.rpc.topics import Group

logger = logging.getLogger("stagedoor")

_Begin: TypeAlias = Callable[[Request, Callable[[bytes], None]], bytes | None]
"""Gives the answer to a request if there is one already; else it goes to the callable, later."""

MAX_CALLS: Final = 10_000
"""Calls a second, each member of a batch counted."""
MAX_IN_FLIGHT: Final = 256
"""Calls that wait for their end."""
BEFORE_AUTHENTICATION: Final = frozenset({"session.authenticate"})
"""What somebody without a role may call."""


class Running(NamedTuple):
    """A plain method that runs now."""

    session: Session
    request: Request
    method: Method
    answer: Callable[[bytes], None]
    since: float
    """By `time.monotonic()`."""


class Session:
    """Answers the requests that come in on one connection.

    Plain methods are answered in the order of their requests; others when they end. Game thread
    only, but for what the understudy does: `stand_in()`, `overrun()`.
    """

    def __init__(self, connection: WebSocketServerConnection, hub: Hub, role: Role | None) -> None:
        self.connection = connection
        self.hub = hub
        self.role = role
        """None: has not shown who it is."""
        self.calls: set[Call] = set()
        """Those under way."""
        self.groups: dict[int, Group] = {}
        """What it subscribes to, by the groups' numbers."""
        self._window = 0.0
        self._count = 0
        connection.ontext = self._receive
        connection.onbinary = self._refuse_binary
        connection.onclose = self._closed
        connection._ondropped = self._dropped

    def notify(self, method: str, params: object) -> None:
        """Send a notification. What JSON cannot carry is logged instead."""
        try:
            self._send(jsonrpc.encode_notification(method, params, self.hub.encoder))
        except jsonrpc.UNENCODABLE as error:
            logger.error("%s cannot be sent as JSON: %s", method, error)

    def _receive(self, text: str) -> None:
        self._handle(jsonrpc.decode(text), self._begin)

    def _handle(self, message: Message, begin: _Begin) -> None:
        if isinstance(message, Request):
            answer = begin(message, self._send)
            if answer is not None:
                self._send(answer)
        elif isinstance(message, Malformed):
            self._send(jsonrpc.encode_error(message.id, message.error))
        else:
            _Gathering(message, begin, self._send)

    def stand_in(self, message: Message, stalled: GameStalled) -> None:
        """Answer a message without the game's thread, on the understudy's: what needs the game is
        refused, and notifications of that kind are dropped."""

        def begin(request: Request, answer: Callable[[bytes], None]) -> bytes | None:
            method = self.hub.methods.get(request.method)
            if method is not None and method.anytime:
                return self._begin(request, answer)
            error: RpcError = stalled
            try:
                self.count_call()
                self.find(request.method)
            except RpcError as found:  # who may not call is not told where the game is
                error = found
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)

        self._handle(message, begin)

    def overrun(self, key: int, running: Running) -> None:
        """Tell the caller of a plain method that its time is up, on the understudy's thread; what
        runs is left alone, and its result dropped."""
        if running.request.id is UNSET:
            return
        if self.hub.running.pop(key, None) is not None:
            error = TimedOut(running.method.timeout or 0.0)
            running.answer(jsonrpc.encode_error(running.request.id, error))

    def _refuse_binary(self, _: bytes) -> None:
        error = ParseError("requests are text messages, this one was binary")
        self._send(jsonrpc.encode_error(None, error))

    def _send(self, answer: bytes) -> None:
        self.connection.send(answer.decode())

    def _dropped(self, number: int, count: int) -> None:
        if (group := self.groups.get(number)) is not None:
            lost = {"subscription": number, "topic": group.topic.name, "count": count}
            self.notify("topic.dropped", lost)

    def _closed(self, _: str | None) -> None:
        for call in list(self.calls):
            call.drop()
        self.calls.clear()
        self.hub.left(self)

    def _begin(self, request: Request, answer: Callable[[bytes], None]) -> bytes | None:
        """Call; the answer if there is one already. What is not answered now is so later."""
        try:
            self.count_call()
            method = self.find(request.method)
            arguments = method.signature.decode(request.params)
            if method.kind is not Kind.PLAIN and len(self.calls) >= MAX_IN_FLIGHT:
                raise TooManyRequests(f"{MAX_IN_FLIGHT} calls in flight")
        except RpcError as error:
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)
        if method.kind is Kind.PLAIN:
            return self._run(request, method, arguments, answer)
        self.hub.runner.start(Call(self, request, method, answer), arguments)
        return None

    def _run(
        self,
        request: Request,
        method: Method,
        arguments: Arguments,
        answer: Callable[[bytes], None],
    ) -> bytes | None:
        """Call a plain method; nothing is returned if the understudy has answered meanwhile."""
        running = self.hub.running
        key = id(request)
        running[key] = begun = Running(self, request, method, answer, monotonic())
        try:
            result = self.answer(request, method, lambda: self.invoke(method, arguments))
        except BaseException:
            running.pop(key, None)
            raise
        if running.pop(key, None) is None:
            took = monotonic() - begun.since
            logger.warning(
                "the method %s took %.1f s, its timeout is %g s: its caller was told so, and what "
                "came of it is dropped",
                method.name,
                took,
                method.timeout,
            )
            return None
        return result

    def count_call(self) -> None:
        """Raises TooManyRequests."""
        self._count += 1
        if self._count == 1:
            self._window = monotonic()
        elif self._count > MAX_CALLS:
            now = monotonic()
            if now - self._window < 1.0:
                raise TooManyRequests(f"{MAX_CALLS} calls a second")
            self._window, self._count = now, 1

    def find(self, name: str) -> Method:
        """The method, if this caller may call it. Raises RpcError."""
        if self.role is None and name not in BEFORE_AUTHENTICATION:
            raise NotAuthenticated
        method = self.hub.methods[name]
        if self.role is not None and self.role < method.role:
            logger.warning("%r may not call %s: it needs %s", self, name, method.role.label)
            raise Forbidden(method.role.label)
        return method

    def invoke(self, method: Method, arguments: Arguments) -> Any:
        """Call the function."""
        if method.with_session:
            return method.function(self, *arguments.positional, **arguments.by_name)
        return method.function(*arguments.positional, **arguments.by_name)

    def answer(self, request: Request, method: Method, outcome: Outcome) -> bytes | None:
        """The answer to a request; None for a notification, which gets none, not even an error."""
        try:
            result = self.result_of(method, outcome)
        except RpcError as error:
            return None if request.id is UNSET else self._encode_error(request, error)
        if request.id is UNSET:
            return None
        try:
            return jsonrpc.encode_result(request.id, result, self.hub.encoder)
        except jsonrpc.UNENCODABLE as error:
            text = f"the result of {method.name} cannot be sent as JSON: {error}"
            logger.error("%s", text)
            return jsonrpc.encode_error(request.id, InternalError(text))

    def result_of(self, method: Method, outcome: Outcome) -> object:
        """What the outcome gives. Raises RpcError, whatever the game's function raised."""
        try:
            return outcome()
        except (RpcError, KeyboardInterrupt):
            raise
        except BaseException as error:
            # A client may not end the game by calling something that raises.
            logger.exception("the method %s raised", method.name)
            trace = "".join(traceback.format_exception(error)) if self.role is Role.ADMIN else None
            raise HandlerError(type(error).__name__, _text(error), trace) from error

    def _encode_error(self, request: Request, error: RpcError) -> bytes:
        assert request.id is not UNSET
        try:
            return jsonrpc.encode_error(request.id, error)
        except jsonrpc.UNENCODABLE:
            plain = InternalError(f"the error of {request.method} cannot be sent as JSON")
            return jsonrpc.encode_error(request.id, plain)

    def __repr__(self) -> str:
        host, port = self.connection.remote_address
        role = "nobody yet" if self.role is None else self.role.label
        return f"<session {self.connection.id} of {host}:{port}, {role}>"


class _Gathering:
    """The answers to a batch, sent together when the last one is there."""

    def __init__(
        self,
        members: list[Request | Malformed],
        begin: _Begin,
        send: Callable[[bytes], None],
    ) -> None:
        self._send = send
        self._answers: list[bytes] = []
        self._expected = sum(
            isinstance(member, Malformed) or member.id is not UNSET for member in members
        )
        # Each number is given out once, also when the understudy answers at the same time.
        self._numbers = count(1)
        for member in members:
            if isinstance(member, Malformed):
                self._add(jsonrpc.encode_error(member.id, member.error))
            elif (answer := begin(member, self._add)) is not None:
                self._add(answer)

    def _add(self, answer: bytes) -> None:
        self._answers.append(answer)
        if next(self._numbers) == self._expected:
            self._send(jsonrpc.join_batch(self._answers))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be had)"
