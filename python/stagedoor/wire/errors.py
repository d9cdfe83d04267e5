"""The errors of the RPC interface: one exception type per code, the same on both sides.

The game raises them. In the client, `RpcError.from_wire` makes the same type again. `code`,
`message` and `data` are what the wire carries; `str(error)` is one line for people. The fields of
an error are read from `data`, which comes from the other side: a field that is missing or has the
wrong type is None.

| code   | type            | `data`                                            |
|--------|-----------------|---------------------------------------------------|
| -32700 | ParseError      | `{reason}`                                        |
| -32600 | InvalidRequest  | `{reason}`                                        |
| -32601 | MethodNotFound  | `{method}`                                        |
| -32602 | InvalidParams   | `{path, reason}`; path as in `$.rocks[3]`         |
| -32603 | InternalError   | `{reason}`                                        |
| -32000 | HandlerError    | `{type, message}`, `traceback` for admins only    |
| -32001 | GameStalled     | `{stalled_for, where, advice}`; seconds, texts    |
| -32002 | TimedOut        | `{timeout}`; seconds                              |
| -32003 | Forbidden       | `{needs, reason}`; the role, and why if it is odd |
| -32004 | NotAuthenticated| none                                              |
| -32005 | TooManyRequests | `{limit}`; which one, with its unit               |
| -32006 | Cancelled       | none                                              |
"""

from collections.abc import Mapping
from typing import Final

from stagedoor.wire.text import exact, is_a, text_of, traceback_of, type_of

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HANDLER_ERROR: Final = -32000
GAME_STALLED: Final = -32001
TIMED_OUT: Final = -32002
FORBIDDEN: Final = -32003
NOT_AUTHENTICATED: Final = -32004
TOO_MANY_REQUESTS: Final = -32005
CANCELLED: Final = -32006


class _Text:
    """A field of an error: a text in its data."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __get__(self, error: "RpcError", kind: type["RpcError"]) -> str | None:
        value = error.data.get(self.key) if isinstance(error.data, Mapping) else None
        return value if isinstance(value, str) else None


class _Seconds:
    """A field of an error: a duration in its data, in seconds."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __get__(self, error: "RpcError", kind: type["RpcError"]) -> float | None:
        value = error.data.get(self.key) if isinstance(error.data, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if abs(value) < 1e15 else None


class RpcError(Exception):
    """The error that a call was answered with. A code without a type of its own is this type.

    `data` is what the specification leaves to the server: any JSON value, or None."""

    code: int
    message: str
    data: object

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    @classmethod
    def from_wire(cls, code: int, message: str, data: object = None) -> "RpcError":
        """The error in an answer, as the type of its code."""
        kind = BY_CODE.get(code, RpcError)
        error = kind.__new__(kind)
        RpcError.__init__(error, code, message, data)
        return error

    def __str__(self) -> str:
        detail = self.detail()
        return f"{self.message}: {detail}" if detail else self.message

    def detail(self) -> str:
        """What `data` adds to the message, for people; empty if it adds nothing."""
        if self.data is None:
            return ""
        if not isinstance(self.data, Mapping):
            return str(self.data)
        if len(self.data) == 1:
            return str(next(iter(self.data.values())))
        return ", ".join(f"{key} {value}" for key, value in self.data.items())


class _ReasonError(RpcError):
    """An error whose data is one sentence."""

    reason = _Text("reason")
    """What was wrong, and what was expected."""


class ParseError(_ReasonError):
    """The message is not JSON."""

    def __init__(self, reason: str) -> None:
        super().__init__(PARSE_ERROR, "Parse error", {"reason": reason})


class InvalidRequest(_ReasonError):  # noqa: N818 (these are the specification's names)
    """The message is JSON, but not a request."""

    def __init__(self, reason: str) -> None:
        super().__init__(INVALID_REQUEST, "Invalid Request", {"reason": reason})


class MethodNotFound(RpcError):  # noqa: N818
    """There is no method of that name, or none that the caller may know of."""

    def __init__(self, method: str) -> None:
        super().__init__(METHOD_NOT_FOUND, "Method not found", {"method": method})

    method = _Text("method")
    """The name that was called."""


class InvalidParams(_ReasonError):  # noqa: N818
    """A param has the wrong type or value, is missing, or is one too many."""

    def __init__(self, reason: str, path: str = "$") -> None:
        super().__init__(INVALID_PARAMS, "Invalid params", {"path": path, "reason": reason})

    path = _Text("path")
    """Where in the params: `$` is all of them, `$.rocks[3]` is one value."""

    def detail(self) -> str:
        if self.path is None or self.reason is None:
            return super().detail()
        return self.reason if self.path == "$" else f"{self.path}: {self.reason}"


class InternalError(_ReasonError):
    """stagedoor itself could not answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(INTERNAL_ERROR, "Internal error", {"reason": reason})


class HandlerError(RpcError):
    """The game's function raised. `traceback` is for admins only."""

    def __init__(self, type: str, message: str, traceback: str | None = None) -> None:
        data = {"type": type, "message": message}
        if traceback is not None:
            data["traceback"] = traceback
        super().__init__(HANDLER_ERROR, "Handler error", data)

    @classmethod
    def of(
        cls, raised: BaseException, max_text: int, *, with_traceback: bool = False
    ) -> "HandlerError":
        """The error that tells of this exception, whatever it is: at most `max_text` characters of
        what it says, and as much from the end of its traceback."""
        trace = traceback_of(raised)[-max_text:] if with_traceback else None
        return cls(type_of(raised), text_of(raised)[:max_text], trace)

    exception_type = _Text("type")
    """The name of the exception's type, as in `ZeroDivisionError`."""

    exception_message = _Text("message")
    """The exception's text."""

    traceback = _Text("traceback")
    """The text of the traceback; None if the caller may not see it."""

    def detail(self) -> str:
        if self.exception_type is None:
            return super().detail()
        return ": ".join(filter(None, [self.exception_type, self.exception_message]))


class GameStalled(RpcError):  # noqa: N818
    """The game has not ticked for too long; the call was not run, and will not be."""

    def __init__(
        self, stalled_for: float, where: str | None = None, advice: str | None = None
    ) -> None:
        data: dict[str, object] = {"stalled_for": stalled_for}
        if where is not None:
            data["where"] = where
        if advice is not None:
            data["advice"] = advice
        super().__init__(GAME_STALLED, "Game stalled", data)

    stalled_for = _Seconds("stalled_for")
    """How long the game has not ticked, in seconds."""

    where = _Text("where")
    """The line of code that the game is in; None if it could not be found out."""

    advice = _Text("advice")
    """What to do, if that is known: the game has had no frame, or an admin's code runs in it."""

    def detail(self) -> str:
        if self.stalled_for is None:
            return super().detail()
        where = f", in {self.where}" if self.where else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"for {self.stalled_for:.1f} s{where}{advice}"


class TimedOut(RpcError):  # noqa: N818
    """The method ran for longer than its timeout; a late result is dropped."""

    def __init__(self, timeout: float) -> None:
        super().__init__(TIMED_OUT, "Timed out", {"timeout": timeout})

    timeout = _Seconds("timeout")
    """The timeout, in seconds."""

    def detail(self) -> str:
        return super().detail() if self.timeout is None else f"after {self.timeout:g} s"


class Forbidden(RpcError):  # noqa: N818
    """The caller's role does not allow it."""

    def __init__(self, needs: str, reason: str | None = None) -> None:
        data = {"needs": needs}
        if reason is not None:
            data["reason"] = reason
        super().__init__(FORBIDDEN, "Forbidden", data)

    needs = _Text("needs")
    """The role that is needed."""

    reason = _Text("reason")
    """What it is needed for; None if that is the method as such."""

    def detail(self) -> str:
        if self.needs is None:
            return super().detail()
        reason = f"; {self.reason}" if self.reason else ""
        return f"needs the role {self.needs}{reason}"


class NotAuthenticated(RpcError):  # noqa: N818
    """The caller has not shown a valid token."""

    def __init__(self) -> None:
        super().__init__(NOT_AUTHENTICATED, "Not authenticated")


class TooManyRequests(RpcError):  # noqa: N818
    """A limit on calls was reached."""

    def __init__(self, limit: str) -> None:
        super().__init__(TOO_MANY_REQUESTS, "Too many requests", {"limit": limit})

    limit = _Text("limit")
    """Which limit, with its value and unit."""


class Cancelled(RpcError):  # noqa: N818
    """The caller cancelled the call."""

    def __init__(self) -> None:
        super().__init__(CANCELLED, "Cancelled")


def told_by(raised: BaseException) -> RpcError | None:
    """The error that this exception is, if it is an RpcError that has what the wire carries. A
    program may raise some that it has made up, of types of its own: it is a plain one then. Raises
    nothing."""
    if not is_a(raised, RpcError):
        return None
    fields = BaseException.__dict__["__dict__"].__get__(raised)
    code, message = dict.get(fields, "code"), dict.get(fields, "message")
    if type(code) is not int or abs(code) >= 2**31 or not is_a(message, str):
        return None
    if type(raised) is BY_CODE.get(code, RpcError):
        return raised
    return RpcError.from_wire(code, exact(message), dict.get(fields, "data"))


BY_CODE: Final[dict[int, type[RpcError]]] = {
    PARSE_ERROR: ParseError,
    INVALID_REQUEST: InvalidRequest,
    METHOD_NOT_FOUND: MethodNotFound,
    INVALID_PARAMS: InvalidParams,
    INTERNAL_ERROR: InternalError,
    HANDLER_ERROR: HandlerError,
    GAME_STALLED: GameStalled,
    TIMED_OUT: TimedOut,
    FORBIDDEN: Forbidden,
    NOT_AUTHENTICATED: NotAuthenticated,
    TOO_MANY_REQUESTS: TooManyRequests,
    CANCELLED: Cancelled,
}
"""The error type of each code."""
