"""`Session`: one client of the RPC interface."""

from __future__ import annotations

import logging

from msgspec import UNSET

from stagedoor.live.rpc.methods import Methods
from stagedoor.live.websocket import WebSocketServerConnection
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import HandlerError, InternalError, ParseError, RpcError
from stagedoor.wire.jsonrpc import Id, Malformed, Request

logger = logging.getLogger("stagedoor")


class Session:
    """Answers the requests that come in on one connection, in their order, on the game thread."""

    def __init__(self, connection: WebSocketServerConnection, methods: Methods) -> None:
        self._connection = connection
        self._methods = methods
        connection.ontext = self._receive
        connection.onbinary = self._refuse_binary

    def _receive(self, text: str) -> None:
        message = jsonrpc.decode(text)
        if isinstance(message, list):
            answers = [answer for member in message if (answer := self._answer(member)) is not None]
            if answers:
                self._send(jsonrpc.join_batch(answers))
        elif (answer := self._answer(message)) is not None:
            self._send(answer)

    def _refuse_binary(self, _: bytes) -> None:
        error = ParseError("requests are text messages, this one was binary")
        self._send(jsonrpc.encode_error(None, error))

    def _send(self, answer: bytes) -> None:
        self._connection.send(answer.decode())

    def _answer(self, request: Request | Malformed) -> bytes | None:
        """None for a notification, which is never answered, not even with an error."""
        if isinstance(request, Malformed):
            return jsonrpc.encode_error(request.id, request.error)
        try:
            result = self._call(request)
        except RpcError as error:
            return None if request.id is UNSET else _encode_error(request.id, error)
        return None if request.id is UNSET else _encode_result(request.id, request.method, result)

    def _call(self, request: Request) -> object:
        method = self._methods[request.method]
        try:
            return method.call(request.params)
        except RpcError:
            raise
        except (Exception, SystemExit) as error:
            # A client may not end the game by calling something that raises.
            logger.exception("the method %s raised", method.name)
            raise HandlerError(type(error).__name__, _text(error)) from error


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be had)"


def _encode_result(ident: Id, method: str, result: object) -> bytes:
    try:
        return jsonrpc.encode_result(ident, result)
    except jsonrpc.UNENCODABLE as error:
        text = f"the result of {method} cannot be sent as JSON: {error}"
        logger.error("%s", text)
        return jsonrpc.encode_error(ident, InternalError(text))


def _encode_error(ident: Id, error: RpcError) -> bytes:
    try:
        return jsonrpc.encode_error(ident, error)
    except jsonrpc.UNENCODABLE:
        return jsonrpc.encode_error(ident, InternalError("the error cannot be sent as JSON"))
