"""Calls that run inside one frame of the game: `Batch`, which makes `Deferred`s. Without I/O.

A batch collects calls. `request()` returns the params of the one call `frame.batch` that carries
them, and `settle()` gives its result to the `Deferred`s.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from stagedoor.client.core.names import ByName
from stagedoor.client.errors import BadParamsError, BadReplyError, NotRunError
from stagedoor.wire.errors import RpcError
from stagedoor.wire.jsonrpc import UNREADABLE, ErrorObject

METHOD = "frame.batch"


class Deferred:
    """One call of a batch. It has its result once the batch has run."""

    def __init__(self, method: str) -> None:
        self.method = method
        self._value: object = None
        self._error: Exception = NotRunError(f"the batch with {method} has not been sent yet")
        self._has_value = False

    def __repr__(self) -> str:
        return f"<{'result' if self._has_value else 'no result'} of {self.method}>"

    def result(self) -> Any:
        """The result, as plain values. Does not wait.

        Raises: the RpcError that the call was answered with; NotRunError, if it was not run, or not
        yet; BadReplyError."""
        if not self._has_value:
            raise self._error
        return self._value

    @property
    def error(self) -> Exception | None:
        """What `result()` raises; None if there is a result."""
        return None if self._has_value else self._error

    def _set(self, value: object) -> None:
        self._value = value
        self._has_value = True

    def _fail(self, error: Exception) -> None:
        self._error = error


class _One(msgspec.Struct, gc=False):
    result: Any = UNSET
    error: ErrorObject | UnsetType = UNSET


class _All(msgspec.Struct, gc=False):
    frame: int
    results: list[_One]


class Batch(ByName[Deferred]):
    """Calls that run together. `call()` and the attributes each return a `Deferred`."""

    def __init__(self, at: Literal["next"] | int = "next", stop_on_error: bool = False) -> None:
        self.frame: int | None = None
        """The number of the frame in which the calls ran; None until they have."""
        self._at = at
        self._stop_on_error = stop_on_error
        self._calls: list[dict[str, Any]] = []
        self._deferred: list[Deferred] = []

    def __len__(self) -> int:
        return len(self._calls)

    def _call(self, method: str, params: object) -> Deferred:
        if self.frame is not None:
            raise BadParamsError("this batch has run already; begin another one")
        self._calls.append({"method": method} | ({} if params is None else {"params": params}))
        deferred = Deferred(method)
        self._deferred.append(deferred)
        return deferred

    def request(self) -> dict[str, Any]:
        """The params of the call that carries the batch."""
        return {"calls": self._calls, "at": self._at, "stop_on_error": self._stop_on_error}

    def settle(self, result: object) -> None:
        """Give each `Deferred` its part of the result of `frame.batch`. Raises: BadReplyError."""
        try:
            answered = msgspec.convert(result, _All)
        except UNREADABLE as error:
            raise BadReplyError(f"the game's answer to a batch cannot be read: {error}") from error
        self.frame = answered.frame
        for deferred, one in zip(self._deferred, answered.results, strict=False):
            if one.error is not UNSET:
                data = None if one.error.data is UNSET else one.error.data
                deferred._fail(RpcError.from_wire(one.error.code, one.error.message, data))
            elif one.result is not UNSET:
                deferred._set(one.result)
            else:
                what = f"neither a result nor an error for {deferred.method}"
                deferred._fail(BadReplyError(f"the game sent {what}"))
        for deferred in self._deferred[len(answered.results) :]:
            deferred._fail(NotRunError(f"{deferred.method} was not run: a call before it failed"))
