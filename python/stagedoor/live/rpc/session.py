"""`Session`: one client of the RPC interface."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import UNSET

from stagedoor._core import CloseCause, FastPath, Refusal
from stagedoor.live.net.websocket import ReadyState, WebSocketServerConnection
from stagedoor.live.rpc.audit import Caller
from stagedoor.live.rpc.calls import Call, Outcome
from stagedoor.live.rpc.gathering import Begin, Gathering
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.signature import Arguments
from stagedoor.wire import close_codes, jsonrpc
from stagedoor.wire.errors import (
    FORBIDDEN,
    NOT_AUTHENTICATED,
    TOO_MANY_REQUESTS,
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
from stagedoor.wire.jsonrpc import Id, Malformed, Message, Request
from stagedoor.wire.roles import Role
from stagedoor.wire.size import TooLargeError, check_size, check_surface

if TYPE_CHECKING:
    from stagedoor.live.rpc.hub import Hub
    from stagedoor.live.topics.topic import Group

logger = logging.getLogger("stagedoor")

PLAIN: Final = Kind.PLAIN  # an enum is slow to look a member up
BEFORE_AUTHENTICATION: Final = frozenset({"session.authenticate"})
"""What somebody without a role may call."""
REFUSALS: Final = frozenset({FORBIDDEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS})
"""The errors that say that a caller may not."""
MAX_NAME: Final = 100
"""Characters of a method's name that are kept of a call that was refused."""
MAX_TEXT: Final = 10_000
"""Characters of an exception's text, and of a traceback, that a caller gets."""
GONE: Final = frozenset({CloseCause.CLEAN, CloseCause.LEFT, CloseCause.STOPPING})
"""Ends of a connection that are no complaint about the client."""


Running: TypeAlias = tuple["Session", Request | str, Method, Callable[[bytes], object], float]
"""A plain method that runs now: for whom, what was asked (or the message that did), how it is
answered, and since when, by `monotonic`. One is made for each call, so it must cost little."""


class Session:
    """Answers the requests that come in on one connection.

    Plain methods are answered in the order of their requests; others when they end. Game thread
    only, but for what the understudy does: `stand_in()`, `overrun()`.
    """

    def __init__(self, connection: WebSocketServerConnection, hub: Hub, role: Role | None) -> None:
        self.connection = connection
        self.hub = hub
        self.calls: set[Call] = set()
        """Those under way."""
        self.groups: dict[int, Group] = {}
        """What it subscribes to, by the groups' numbers."""
        self.id: int = connection.id
        host, port = connection.remote_address
        self.address = f"{host}:{port}"
        self.since = time()
        """Seconds since the epoch."""
        self._fast = FastPath(
            self,
            methods=hub.methods.fast,
            running=hub.running,
            audit=hub.audit.add,
            check_surface=check_surface,
            encode=hub.encoder.encode,
            send=connection._core.send_text,
            max_nesting=hub.limits.max_nesting,
            max_answer_size=hub.limits.max_answer_size,
        )
        self.role = role
        connection.onmessage = self._receive
        connection.onclose = self._closed
        connection._ondropped = self._dropped

    @property
    def role(self) -> Role | None:
        """None: has not shown who it is."""
        return self.caller.role

    @role.setter
    def role(self, role: Role | None) -> None:
        self.caller = Caller(self.id, self.address, role)
        """Who this is, for the audit."""
        self._fast.role = role or 0

    def notify(self, method: str, params: object) -> None:
        """Send a notification. What JSON cannot carry is logged instead; what the connection cannot
        take any more is lost."""
        try:
            text = jsonrpc.encode_notification(method, params, self.hub.encoder)
            refusal = self.connection._core.send_text(check_size(text))
        except jsonrpc.UNENCODABLE as error:
            logger.error("%s cannot be sent as JSON: %s", method, error)
        else:
            if refusal is not None:
                self.hub.complaints.add("notification", f"{self}: {method} was lost: {refusal}")

    def expel(self, code: int, reason: str) -> None:
        """Close the connection; from now on nothing is done for it. Raises ValueError for a code or
        reason that cannot be one."""
        self.connection.close(code, reason)
        self.role = None
        for call in list(self.calls):
            call.drop()
        self.calls.clear()

    def _receive(self, message: str | bytes) -> None:
        if self._fast.answer(message):
            return
        if isinstance(message, bytes):
            error = ParseError("requests are text messages, this one was binary")
            self._send(jsonrpc.encode_error(None, error))
        else:
            self._handle(self.hub.decode(message), self._begin)

    def _handle(self, message: Message, begin: Begin) -> None:
        if isinstance(message, Request):
            answer = begin(message, self._send)
            if answer is not None:
                self._send(answer)
        elif isinstance(message, Malformed):
            self._send(self._malformed(message.id, message.error))
        else:
            self.charge(len(message) - 1)
            Gathering(message, begin, self._send, self.hub.limits.max_answer_size)

    def charge(self, calls: int) -> None:
        """Count so many calls beside the message that they came in. Nobody is refused for it: over
        `max_calls_per_second`, the connection is not read until it is due."""
        self.connection._core.charge(calls)

    def _malformed(self, ident: Id, error: RpcError) -> bytes:
        self.hub.complaints.add("malformed", f"{self} sent no request: {error}")
        return jsonrpc.encode_error(ident, error)

    def stand_in(self, message: Message, stalled: GameStalled) -> None:
        """Answer a message without the game's thread, on the understudy's: what needs the game is
        refused, and notifications of that kind are dropped."""

        def begin(request: Request, answer: Callable[[bytes], None]) -> bytes | None:
            method = self.hub.methods.get(request.method)
            if method is not None and method.anytime:
                return self._begin(request, answer)
            error: RpcError = stalled
            try:
                self.admit(request.method, request.params)
            except RpcError as found:  # who may not call is not told where the game is
                error = found
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)

        self._handle(message, begin)

    def overrun(self, key: int, running: Running) -> None:
        """Tell the caller of a plain method that its time is up, on the understudy's thread; what
        runs is left alone, and its result dropped."""
        _, asked, method, answer, _ = running
        request = self._request(asked)
        if request.id is UNSET:
            return
        if self.hub.running.pop(key, None) is not None:
            answer(jsonrpc.encode_error(request.id, TimedOut(method.timeout or 0.0)))

    def _send(self, answer: bytes) -> None:
        refusal = self.connection._core.send_text(answer)
        if refusal is not None:
            self.unsent(refusal)

    def unsent(self, refusal: Refusal) -> None:
        """The connection has not taken an answer."""
        if refusal.is_closed:
            return  # nobody is there to miss it, and a later event says so
        if self.connection.readyState is ReadyState.OPEN:
            # An answer must not be lost in silence.
            self.hub.complaints.add("answer", f"{self} does not take its answers: {refusal}")
            self.connection._close(
                close_codes.TRY_AGAIN_LATER, "an answer does not fit into the queue"
            )

    def _dropped(self, number: int, count: int) -> None:
        if (group := self.groups.get(number)) is not None:
            lost = {"subscription": number, "topic": group.topic.name, "count": count}
            self.notify("topic.dropped", lost)

    def _closed(self, error: str | None) -> None:
        code = self.connection.close_code
        if self.connection._cause not in GONE:
            self.hub.complaints.add(f"closed {code}", f"{self} was ended: {error}")
        elif code == close_codes.NOT_AUTHENTICATED and self.role is None:
            self.hub.complaints.add(f"closed {code}", f"{self} showed no token in time")
        for call in list(self.calls):
            call.drop()
        self.calls.clear()
        self.hub.left(self)

    def _begin(self, request: Request, answer: Callable[[bytes], None]) -> bytes | None:
        """Call; the answer if there is one already. What is not answered now is so later."""
        try:
            method = self.admit(request.method, request.params)
            arguments = method.signature.decode(request.params)
            if method.kind is not PLAIN:
                most = self.hub.limits.max_calls_in_flight
                if len(self.calls) >= most:
                    refusal = TooManyRequests(f"{most} calls in flight")
                    raise self._refused(refusal, method.name, request.params, method)
        except ParseError as error:  # nobody has looked at the params before
            return self._malformed(None, error)
        except RpcError as error:
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)
        if method.kind is PLAIN:
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
        """Call a plain method."""
        key = id(request)
        running: Running = (self, request, method, answer, monotonic())
        self.hub.running[key] = running
        result, raised = None, None
        try:
            result = self.invoke(method, arguments)
        except BaseException as error:
            raised = error
        return self.ended(key, running, result, raised)

    def ended(
        self, key: int, running: Running, result: object, raised: BaseException | None
    ) -> bytes | None:
        """The answer when a plain method has returned or raised this; None if the understudy has
        answered meanwhile."""
        _, asked, method, answer, began = running
        request = self._request(asked)
        try:
            if raised is None:
                text = self._returned(request, method, result, began)
            else:
                text = self._failed(request, method, raised, began)
        except KeyboardInterrupt:
            if self.hub.running.pop(key, None) is not None:
                self.interrupted(request, answer)
            raise
        if self.hub.running.pop(key, None) is None:
            self.overran(method, began)
            return None
        return text

    def overran(self, method: Method, began: float) -> None:
        """A plain method has ended after the understudy had answered."""
        logger.warning(
            "the method %s took %.1f s, its timeout is %g s: its caller was told so, and what "
            "came of it is dropped",
            method.name,
            monotonic() - began,
            method.timeout,
        )

    def _request(self, asked: Request | str) -> Request:
        if isinstance(asked, Request):
            return asked
        request = self.hub.decode(asked)
        assert isinstance(request, Request), "the fast path has read it"
        return request

    def admit(self, name: str, params: bytes | None) -> Method:
        """Find a method, if this caller may call it. Raises RpcError."""
        role = self.caller.role
        if role is None and name not in BEFORE_AUTHENTICATION:
            raise self._refused(NotAuthenticated(), name, None)
        method = self.hub.methods.by_name[name]
        if role is not None and role < method.role:
            raise self._refused(Forbidden(method.role.label), name, params, method)
        return method

    def _refused(
        self, error: RpcError, name: str, params: bytes | None, method: Method | None = None
    ) -> RpcError:
        """Writes down that a call is refused before it begins."""
        self._complain(error, name)
        kept = None if method is None or method.takes_secrets else params
        self.hub.audit.add(self.caller, name[:MAX_NAME], kept, error.code, monotonic())
        return error

    def _complain(self, error: RpcError, name: str) -> None:
        cause = error.limit if isinstance(error, TooManyRequests) else None
        text = f"{self}: the call of {name[:MAX_NAME]!r} was refused: {error}"
        self.hub.complaints.add(cause or error.message, text)

    def note(self, method: Method, params: bytes | None, error: int | None, began: float) -> None:
        """A call has ended; what may have changed something, or was refused, is written down."""
        if method.is_audited or error in REFUSALS:
            kept = None if method.takes_secrets else params
            self.hub.audit.add(self.caller, method.name, kept, error, began)

    def invoke(self, method: Method, arguments: Arguments) -> Any:
        """Call the function."""
        positional, by_name = arguments
        if method.with_session:
            return method.function(self, *positional, **by_name)
        return method.function(*positional, **by_name)

    def answer(
        self, request: Request, method: Method, outcome: Outcome, began: float
    ) -> bytes | None:
        """The answer to a request; None for a notification, which gets none, not even an error."""
        try:
            result = outcome()
        except BaseException as error:
            return self._failed(request, method, error, began)
        return self._returned(request, method, result, began)

    def _returned(
        self, request: Request, method: Method, result: object, began: float
    ) -> bytes | None:
        """The answer when the method has returned this; None for a notification. `began` is when
        the call did, by `monotonic`."""
        self.note(method, request.params, None, began)
        if request.id is UNSET:
            return None
        try:
            most = self.hub.limits.max_answer_size
            return jsonrpc.encode_result(request.id, result, self.hub.encoder, most)
        except jsonrpc.UNENCODABLE as error:
            text = unsendable(method.name, error)
            if isinstance(error, TooLargeError):
                self.hub.complaints.add("answer size", f"{self}: {text}")
            else:
                logger.error("%s", text)
            return jsonrpc.encode_error(request.id, InternalError(text))

    def interrupted(self, request: Request, answer: Callable[[bytes], object]) -> None:
        """Ctrl-C came while a method ran. It goes on to the game's loop, which may go on, too: the
        caller is not left waiting."""
        if request.id is not UNSET:
            error = HandlerError("KeyboardInterrupt", "the game was interrupted")
            answer(jsonrpc.encode_error(request.id, error))

    def _failed(
        self, request: Request, method: Method, raised: BaseException, began: float
    ) -> bytes | None:
        """The answer when the method has raised this. Raises KeyboardInterrupt if it is that."""
        error = self.error_of(method, request.params, raised, began)
        if request.id is UNSET:
            return None
        try:
            return jsonrpc.encode_error(request.id, error, self.hub.limits.max_answer_size)
        except jsonrpc.UNENCODABLE:
            plain = InternalError(f"the error of {request.method} cannot be sent as JSON")
            return jsonrpc.encode_error(request.id, plain)

    def error_of(
        self, method: Method, params: bytes | None, raised: BaseException, began: float
    ) -> RpcError:
        """What a caller is told of an exception. Raises KeyboardInterrupt if it is that."""
        error = self._error_of(method, raised)
        code = None if error is None else error.code
        self.note(method, params, code, began)
        if error is None:
            raise raised
        return error

    def _error_of(self, method: Method, raised: BaseException) -> RpcError | None:
        if isinstance(raised, KeyboardInterrupt):
            return None
        if isinstance(raised, RpcError):
            if raised.code in REFUSALS:
                self._complain(raised, method.name)
            return raised
        # A client may not end the game by calling something that raises.
        logger.error("the method %s raised", method.name, exc_info=raised)
        trace = None
        if self.role is Role.ADMIN:
            trace = "".join(traceback.format_exception(raised))[-MAX_TEXT:]
        return HandlerError(type(raised).__name__, _text(raised), trace)

    def __repr__(self) -> str:
        role = "nobody yet" if self.role is None else self.role.label
        return f"<session {self.id} of {self.address}, {role}>"


def unsendable(method: str, error: Exception) -> str:
    """What to say of a result that cannot be sent."""
    what = "is too large" if isinstance(error, TooLargeError) else "cannot be sent as JSON"
    return f"the result of {method} {what}: {error or type(error).__name__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:
        return "(its text cannot be had)"
