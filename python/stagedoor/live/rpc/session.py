"""`Session`: one client of the RPC interface."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from stagedoor._core import CloseCause, FastPath, Refusal
from stagedoor.live.net.peer import Peer, ReadyState
from stagedoor.live.rpc import answers, plain
from stagedoor.live.rpc.audit import Caller
from stagedoor.live.rpc.calls import Call
from stagedoor.live.rpc.gathering import Begin, Gathering
from stagedoor.live.rpc.memory import Memory, size_of_call
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.wire import close_codes, jsonrpc
from stagedoor.wire.authority import authority
from stagedoor.wire.encoding import check_json
from stagedoor.wire.errors import (
    Forbidden,
    GameStalled,
    NotAuthenticated,
    ParseError,
    RpcError,
    TooManyRequests,
)
from stagedoor.wire.jsonrpc import Id, Malformed, Message, Request
from stagedoor.wire.roles import Role
from stagedoor.wire.size import UnsendableError, check_surface

if TYPE_CHECKING:
    from stagedoor.live.rpc.hub import Hub
    from stagedoor.live.topics.topic import Group

PLAIN: Final = Kind.PLAIN  # an enum is slow to look a member up
BEFORE_AUTHENTICATION: Final = frozenset({"session.authenticate"})
"""What somebody without a role may call."""
GONE: Final = frozenset({CloseCause.CLEAN, CloseCause.LEFT, CloseCause.STOPPING})
"""Ends of a connection that are no complaint about the client."""


class Session:
    """Answers the requests that come in on one connection.

    Plain methods are answered in the order of their requests; others when they end. Game thread
    only, but for what the understudy does: `stand_in()`.
    """

    def __init__(self, connection: Peer, hub: Hub, role: Role | None) -> None:
        self.connection = connection
        self.hub = hub
        self.calls: set[Call] = set()
        """Those under way."""
        self.memory = Memory(hub.limits.max_call_memory)
        """What is kept for this client."""
        self.is_expelled = False
        """Nothing is done for it any more."""
        self.filters: dict[int, int] = {}
        """The bytes that the filters of its subscriptions take, by the groups' numbers."""
        self.groups: dict[int, Group] = {}
        """What it subscribes to, by the groups' numbers."""
        self.id: int = connection.id
        self.address = authority(*connection.remote_address)
        self.since = time()
        """Seconds since the epoch."""
        self._fast: FastPath[Method, Caller] = FastPath(
            methods=hub.methods.fast,
            running=hub.running,
            audit=hub.audit.add,
            check_surface=check_surface,
            encode=hub.encoder.encode,
            check_json=check_json,
            send=connection.native.send_text,
            unsent=self.unsent,
            overran=partial(plain.overran, hub),
            ended=partial(plain.ended, self),
            max_nesting=hub.limits.max_nesting,
            max_answer_size=hub.limits.max_answer_size,
        )
        self.role = role
        connection.deliver_to(self._receive, self._receive)
        connection.on_close = self._closed
        connection.on_dropped = self._dropped

    @property
    def role(self) -> Role | None:
        """None: has not shown who it is."""
        return self.caller.role

    @role.setter
    def role(self, role: Role | None) -> None:
        self.caller = Caller(self.id, self.address, role)
        """Who this is, for the audit."""
        self._fast.set_caller(self.caller, role or 0)

    def notify(self, method: str, params: object) -> None:
        """Send a notification. What JSON cannot carry is logged instead; what the connection cannot
        take any more is lost."""
        try:
            text = jsonrpc.encode_notification(method, params, self.hub.encoder)
            refusal = self.connection.native.send_text(text)
        except UnsendableError as error:
            self.hub.complaints.add(
                ("unsendable", method),
                "%s cannot be sent as JSON: %s",
                method,
                error,
                level=logging.ERROR,
            )
        else:
            if refusal is not None:
                self.hub.complaints.add("notification", f"{self}: {method} was lost: {refusal}")

    def expel(self, code: int, reason: str) -> None:
        """Close the connection; from now on nothing is done for it. Raises ValueError for a code or
        reason that cannot be one."""
        self.connection.close(code, reason)
        self.is_expelled = True
        self.role = None
        self.connection.deliver_to(None, None)  # what it has sent already is not handled
        self._drop_calls()
        self.hub.leave_topics(self)

    def lowered(self) -> None:
        """Its role was lowered: end the calls that began under a higher one."""
        for call in list(self.calls):
            if self.role is None or self.role < call.role:
                call.fail(Forbidden(call.role.label))

    def _drop_calls(self) -> None:
        for call in list(self.calls):
            call.drop()

    def _receive(self, message: str | bytes) -> None:
        if self._fast.answer(message):
            return
        if isinstance(message, bytes):
            error = ParseError("requests are text messages, this one was binary")
            self._send(jsonrpc.encode_error(None, error))
        else:
            turns = self.hub.turns
            self._handle(self.hub.decode(message), self._begin, lambda: turns.is_time_up)

    def _handle(self, message: Message, begin: Begin, is_time_up: Callable[[], bool]) -> None:
        if self.is_expelled:
            return
        if isinstance(message, Request):
            answer = begin(message, self._send)
            if answer is not None:
                self._send(answer)
        elif isinstance(message, Malformed):
            self._send(self._malformed(message.id, message.error))
        else:
            self.charge(len(message) - 1)
            most = self.hub.limits.max_answer_size
            self._gather(Gathering(message, begin, self._send, most, self.memory), is_time_up)

    def _gather(self, gathering: Gathering, is_time_up: Callable[[], bool]) -> None:
        """Begin the members of a batch: those for which there is no time in this client's next
        turns. What it sends after the batch waits for them."""
        if not self.is_expelled and not gathering.go_on(is_time_up):
            self.hub.gatherings.add(gathering)
            self.hub.turns.go_on(self.connection, partial(self._gather, gathering, is_time_up))

    def charge(self, calls: int) -> None:
        """Count so many calls beside the message that they came in. Nobody is refused for it: over
        `max_calls_per_second`, the connection is not read until it is due."""
        self.connection.charge(calls)

    def _malformed(self, ident: Id, error: RpcError) -> bytes:
        self.hub.complaints.add("malformed", f"{self} sent no request: {error}")
        return jsonrpc.encode_error(ident, error)

    def stand_in(self, message: Message, stalled: GameStalled) -> None:
        """Answer a message without the game's thread, on the understudy's: what needs the game is
        refused, and notifications of that kind are dropped."""

        def begin(request: Request, answer: Callable[[bytes], None]) -> bytes | None:
            method = self.hub.methods.get(request.method)
            if method is not None and method.anytime:
                return self._begin(request, answer, at_once=True)
            error: RpcError = stalled
            try:
                self.admit(request.method, request.params)
            except RpcError as found:  # who may not call is not told where the game is
                error = found
            return None if request.id is UNSET else jsonrpc.encode_error(request.id, error)

        self._handle(message, begin, lambda: False)

    def _send(self, answer: bytes) -> None:
        refusal = self.connection.native.send_text(answer)
        if refusal is not None:
            self.unsent(refusal)

    def unsent(self, refusal: Refusal) -> None:
        """The connection has not taken an answer."""
        if refusal.is_closed:
            return  # nobody is there to miss it, and a later event says so
        if self.connection.state is ReadyState.OPEN:
            # An answer must not be lost in silence.
            self.hub.complaints.add("answer", f"{self} does not take its answers: {refusal}")
            self.connection.end(
                close_codes.TRY_AGAIN_LATER, "an answer does not fit into the queue"
            )

    def _dropped(self, number: int, count: int) -> None:
        if (group := self.groups.get(number)) is not None:
            group.seen = 0
            lost = {"subscription": number, "topic": group.topic.name, "count": count}
            self.notify("topic.dropped", lost)

    def _closed(self, error: str | None) -> None:
        code = self.connection.close_code
        if self.connection.cause not in GONE:
            self.hub.complaints.add(f"closed {code}", f"{self} was ended: {error}")
        elif code == close_codes.NOT_AUTHENTICATED and self.role is None:
            self.hub.complaints.add(f"closed {code}", f"{self} showed no token in time")
        self.is_expelled = True  # what is left of a batch has nobody to answer to
        self._drop_calls()
        self.hub.left(self)

    def _begin(
        self, request: Request, answer: Callable[[bytes], None], *, at_once: bool = False
    ) -> bytes | None:
        """Call; the answer if there is one already. What is not answered now is so later, but
        `at_once` for a generator whose steps need no frames."""
        try:
            method = self.admit(request.method, request.params)
            arguments = answers.arguments_of(self, method, request.params, monotonic())
            is_plain = at_once or method.kind is PLAIN
            if not is_plain:
                size = self._charge_call(method, request.params)
        except ParseError as error:  # nobody has looked at the params before
            return self._malformed(None, error)
        except RpcError as error:
            return None if request.id is UNSET else answers.refusal(self, request, error)
        except KeyboardInterrupt:
            answers.interrupted(request, answer)
            raise
        if is_plain:
            return plain.run(self, request, method, arguments, answer)
        self.hub.runner.start(Call(self, request, method, answer, size), arguments)
        return None

    def _charge_call(self, method: Method, params: bytes | None) -> int:
        """Count a call that will be under way. Returns how many bytes it keeps. Raises
        TooManyRequests."""
        most, size = self.hub.limits.max_calls_in_flight, size_of_call(params)
        try:
            if len(self.calls) >= most:
                raise TooManyRequests(f"{most} calls in flight")
            if method.kind is Kind.THREAD:
                self.hub.threads.check(self, method)
            self.memory.take(size)
        except TooManyRequests as refusal:
            raise answers.refused(self, refusal, method.name, params, method) from None
        return size

    def admit(self, name: str, params: bytes | None) -> Method:
        """Find a method, if this caller may call it. Raises RpcError."""
        role = self.caller.role
        if role is None and name not in BEFORE_AUTHENTICATION:
            raise answers.refused(self, NotAuthenticated(), name)
        method = self.hub.methods.by_name[name]
        if role is not None and role < method.role:
            raise answers.refused(self, Forbidden(method.role.label), name, params, method)
        return method

    def __repr__(self) -> str:
        role = "nobody yet" if self.role is None else self.role.label
        return f"<session {self.id} of {self.address}, {role}>"
