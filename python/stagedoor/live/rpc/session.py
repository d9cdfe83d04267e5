"""`Session`: one client of the RPC interface."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from stagedoor.live.rpc.calls import Call, Outcome
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.roles import Role
from stagedoor.live.rpc.signature import Arguments
from stagedoor.live.websocket import WebSocketServerConnection
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import (
    Forbidden,
    HandlerError,
    InternalError,
    NotAuthenticated,
    ParseError,
    RpcError,
    TooManyRequests,
)
from stagedoor.wire.jsonrpc import Malformed, Request

if TYPE_CHECKING:
    from stagedoor.live.rpc.hub import Hub
    from stagedoor.live.rpc.topics import Group

logger = logging.getLogger("stagedoor")

MAX_CALLS: Final = 10_000
"""Calls a second, each member of a batch counted."""
MAX_IN_FLIGHT: Final = 256
"""Calls that wait for their end."""
PLAIN: Final = Kind.PLAIN  # an enum is slow to look a member up
BEFORE_AUTHENTICATION: Final = frozenset({"session.authenticate"})
"""What somebody without a role may call."""


class Session:
    """Answers the requests that come in on one connection. Game thread only.

    Plain methods are answered in the order of their requests; others when they end.
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
        message = jsonrpc.decode(text)
        if isinstance(message, Request):
            answer = self._begin(message, self._send)
            if answer is not None:
                self._send(answer)
        elif isinstance(message, Malformed):
            self._send(jsonrpc.encode_error(message.id, message.error))
        else:
            _Gathering(message, self._begin, self._send)

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
            if method.kind is not PLAIN and len(self.calls) >= MAX_IN_FLIGHT:
                raise TooManyRequests(f"{MAX_IN_FLIGHT} calls in flight")
        except RpcError as error:
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)
        if method.kind is PLAIN:
            return self.answer(request, method, lambda: self.invoke(method, arguments))
        self.hub.runner.start(Call(self, request, method, answer), arguments)
        return None

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
        begin: Callable[[Request, Callable[[bytes], None]], bytes | None],
        send: Callable[[bytes], None],
    ) -> None:
        self._send = send
        self._answers: list[bytes] = []
        self._missing = sum(
            isinstance(member, Malformed) or member.id is not UNSET for member in members
        )
        for member in members:
            if isinstance(member, Malformed):
                self._add(jsonrpc.encode_error(member.id, member.error))
            elif (answer := begin(member, self._add)) is not None:
                self._add(answer)

    def _add(self, answer: bytes) -> None:
        self._answers.append(answer)
        self._missing -= 1
        if self._missing == 0:
            self._send(jsonrpc.join_batch(self._answers))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be had)"
