"""`frame`: several calls in one frame."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from stagedoor.live.domains.bounds import Number
from stagedoor.live.rpc import answers, plain
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.methods import Kind
from stagedoor.live.rpc.session import Session
from stagedoor.wire.encoding import to_json
from stagedoor.wire.errors import (
    InternalError,
    InvalidParams,
    InvalidRequest,
    RpcError,
    TooManyRequests,
)
from stagedoor.wire.jsonrpc import ErrorObject
from stagedoor.wire.size import UnsendableError
from stagedoor.wire.text import exact

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

CHEAP: Final = frozenset(
    {
        "game.budget",
        "game.pause",
        "game.resume",
        "game.status",
        "game.timescale",
        "logs.set_level",
        "process.gc",
        "process.info",
        "process.quit",
        "rpc.cancel",
        "screen.window",
        "session.info",
        "sessions.kick",
        "topic.unsubscribe",
        "tweaks.set",
    }
)
"""The built-in methods that a batch may call: a hundred calls of each take next to no time."""
MAX_AHEAD: Final = 100_000
"""The most frames that a batch may wait for."""


class BatchCall(Struct, forbid_unknown_fields=True):
    """One call of a batch."""

    method: str
    params: Raw | UnsetType = UNSET


class BatchResult(Struct, omit_defaults=True):
    """The outcome of one call: a result or an error."""

    result: Any = UNSET
    error: ErrorObject | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The outcome of a batch."""

    frame: int
    """The frame in which all of its calls ran."""
    results: list[BatchResult]
    """In the order of the calls. Calls that were skipped have no entry."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    def batch(
        session: Session,
        calls: list[BatchCall],
        at: Literal["next"] | Number = "next",
        stop_on_error: bool = False,
    ) -> Generator[Any, None, BatchOutcome]:
        """Call plain methods in order, all inside one frame, however long they take.

        Of the built-in methods it calls only those that take next to no time.
        `at`: `next`, or the number of a frame to wait for, at most 100 000 frames ahead.
        `stop_on_error`: skip the calls that follow the first failure.

        >>> batch([{"method": "spawn", "params": ["big"]}, {"method": "player.heal"}], at="next")
        """
        _check(calls, at)
        session.charge(len(calls))
        while at != "next" and hub.frame < at:
            yield NEXT_FRAME
        results, room = [], hub.limits.max_answer_size
        for call in calls:
            size, result = _run(session, call, room)
            room -= size
            results.append(result)
            if stop_on_error and results[-1].error is not UNSET:
                break
        return BatchOutcome(hub.frame, results)

    def _check(calls: list[BatchCall], at: str | int) -> None:
        if len(calls) > hub.limits.max_batch:
            raise TooManyRequests(f"{hub.limits.max_batch} calls a batch")
        if isinstance(at, int) and not hub.frame <= at <= hub.frame + MAX_AHEAD:
            expected = f"'next', or {hub.frame} to {hub.frame + MAX_AHEAD}"
            raise InvalidParams(f"expected {expected}, got {at}", "$.at")

    def _run(session: Session, call: BatchCall, room: int) -> tuple[int, BatchResult]:
        """Run one call. Returns the size of its result in bytes, and the result."""
        params = None if call.params is UNSET else bytes(call.params)
        try:
            began = monotonic()
            method = session.admit(call.method, params)
            if method.kind is not Kind.PLAIN:
                raise InvalidRequest(
                    f"{call.method} is a {method.kind.value}: only plain methods run in a batch"
                )
            if call.method in hub.methods.built_in and call.method not in CHEAP:
                raise InvalidRequest(f"{call.method} may take too long for a batch: call it alone")
            arguments = answers.arguments_of(session, method, params, began)
            text = plain.result_of(session, method, params, arguments)
            if len(text) > room:
                raise InternalError(
                    f"the results of this batch have more than {hub.limits.max_answer_size:,} bytes"
                )
        except RpcError as error:
            return 0, BatchResult(error=_error_object(error))
        return len(text), BatchResult(result=Raw(text))

    def _error_object(error: RpcError) -> ErrorObject:
        if error.data is None:
            return ErrorObject(error.code, exact(error.message))
        max_size = hub.limits.max_answer_size
        try:
            data = Raw(to_json(error.data, hub.encoder, max_size, may_escape=True))
            return ErrorObject(error.code, exact(error.message), data)
        except UnsendableError as why:
            return _error_object(InternalError(f"the error cannot be sent as JSON: {why}"))

    hub.methods.add_built_in(batch, "frame.batch", role="viewer", timeout=None, with_session=True)
