"""`Gathering`: collects the answers to a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from msgspec import UNSET

from stagedoor.live.rpc.answers import interrupted
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import Cancelled, InternalError, TooManyRequests
from stagedoor.wire.jsonrpc import Id, Malformed, Request

if TYPE_CHECKING:
    from stagedoor.live.rpc.memory import Memory

Begin: TypeAlias = Callable[[Request, Callable[[bytes], None]], bytes | None]
"""Begins a request. Returns the answer if it is ready; otherwise the callable gets it later."""


class Gathering:
    """Collects the answers to a batch, and sends them together when the last one has come.

    `go_on()` begins the members. Ctrl-C in one of them ends those that have not begun.
    """

    def __init__(
        self,
        members: list[Request | Malformed],
        begin: Begin,
        send: Callable[[bytes], None],
        max_size: int,
        memory: Memory,
    ) -> None:
        """`max_size`: the most bytes that all answers may have together. `memory` counts them."""
        self._max_size = max_size
        self._memory = memory
        self._begin = begin
        self._send = send
        self._answers: list[bytes] = []
        self._size = 0
        self._expected = sum(
            isinstance(member, Malformed) or member.id is not UNSET for member in members
        )
        # Each number is drawn once, even if the understudy answers at the same time.
        self._numbers = count(1)
        self._left = iter(members)

    def go_on(self, is_time_up: Callable[[], bool]) -> bool:
        """Begin members, at least one. False: the time is up, and some are left for the next call.

        Members are calls like others, so a batch may be spread over several frames.
        """
        for member in self._left:
            try:
                self._begin_member(member)
            except KeyboardInterrupt:  # this one is answered; the game may survive it
                self._skip_rest(interrupted)
                raise
            if is_time_up():
                return False
        return True

    def cancel(self) -> None:
        """Answer the members that have not begun: the stage closes."""
        self._skip_rest(_cancelled)

    def _skip_rest(self, answer: Callable[[Request, Callable[[bytes], None]], object]) -> None:
        for member in self._left:
            if isinstance(member, Malformed):
                self._begin_member(member)
            elif member.id is not UNSET:
                answer(member, partial(self._add, member.id))

    def _begin_member(self, member: Request | Malformed) -> None:
        if isinstance(member, Malformed):
            self._add(member.id, jsonrpc.encode_error(member.id, member.error))
            return
        ident = None if member.id is UNSET else member.id
        if (answer := self._begin(member, partial(self._add, ident))) is not None:
            self._add(ident, answer)

    def _add(self, ident: Id, answer: bytes) -> None:
        if self._size + len(answer) > self._max_size:
            reason = f"the answers to this batch have more than {self._max_size:,} bytes"
            answer = jsonrpc.encode_error(ident, InternalError(reason))
        try:
            self._memory.take(len(answer))
        except TooManyRequests as error:
            answer = jsonrpc.encode_error(ident, error)
        else:
            self._size += len(answer)
        self._answers.append(answer)
        if next(self._numbers) == self._expected:
            self._memory.give(self._size)
            self._send(jsonrpc.join_batch(self._answers))


def _cancelled(request: Request, answer: Callable[[bytes], None]) -> None:
    if request.id is not UNSET:
        answer(jsonrpc.encode_error(request.id, Cancelled()))
