"""Calling by attribute: `client.player.heal(5)` for `client.call("player.heal", 5)`.

`Caller` has `call()`, in terms of one method that a subclass gives it; `ByName` adds the
attributes; `Name` is what stands between the dots. `Result` is whatever that method returns: a
value in the blocking client, a coroutine in asyncio's, a `Deferred` in a batch.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from stagedoor.client.errors import BadParamsError

Result = TypeVar("Result", covariant=True)


def pack(
    method: str, args: tuple[Any, ...], params: dict[str, Any]
) -> tuple[Any, ...] | dict[str, Any] | None:
    """The params of a call, from Python's arguments. Raises: BadParamsError."""
    if args and params:
        raise BadParamsError(
            f"the params of {method} go either all by position or all by name;"
            f" by name here: {', '.join(params)}"
        )
    return args or params or None


class Caller(Generic[Result]):
    """Calls of methods by their names."""

    def call(self, method: str, /, *args: Any, **params: Any) -> Result:
        """Call a method of the game: params by position, or by name, not both."""
        return self._call(method, pack(method, args, params))

    def _call(self, method: str, params: object) -> Result:
        raise NotImplementedError


class ByName(Caller[Result]):
    """Calls of methods by attributes. A name that Python, or this object, has its own use for is
    called by `call()`."""

    def __getattr__(self, name: str) -> "Name[Result]":
        return Name(self.call, _checked(name))


class Name(Generic[Result]):
    """A method's name, or the first part of one; calling it calls the method."""

    __slots__ = ("_call", "_path")

    def __init__(self, call: Callable[..., Result], path: str) -> None:
        self._call = call
        self._path = path

    def __getattr__(self, name: str) -> "Name[Result]":
        return Name(self._call, f"{self._path}.{_checked(name)}")

    def __call__(self, /, *args: Any, **params: Any) -> Result:
        return self._call(self._path, *args, **params)

    def __repr__(self) -> str:
        return f"<method {self._path!r}>"


def _checked(name: str) -> str:
    if name.startswith("_"):  # so that copy, pickle and the like see what is not there
        raise AttributeError(name)
    return name
