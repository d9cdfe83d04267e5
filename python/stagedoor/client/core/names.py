"""Calling by attribute: `client.player.heal(5)` for `client.call("player.heal", 5)`.

`Caller` has `call()`, which uses the one method `_call()` that a subclass has. `ByName` adds the
attributes, and `Name` is the value of such an attribute. `Result` is what `_call()` returns: a
value in the blocking client, a coroutine in the asyncio client, a `Deferred` in a batch.
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
        """Call a method of the game, with params by position or by name, not both.

        Raises: BadParamsError, and what the class says about calls."""
        return self._call(method, pack(method, args, params))

    def _call(self, method: str, params: object) -> Result:
        raise NotImplementedError


class ByName(Caller[Result]):
    """Calls of methods by attribute. Use `call()` for a name that Python reserves or that this
    object has itself."""

    def __getattr__(self, name: str) -> "Name[Result]":
        return Name(self.call, _checked(name))


class Name(Generic[Result]):
    """A method's name, or the first part of one. To call it is to call the method."""

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
    if name.startswith("_"):  # copy, pickle and others look for such attributes
        raise AttributeError(name)
    return name
