"""`Methods`: what can be called, by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import Raw, UnsetType

from stagedoor.live.rpc.signature import Signature
from stagedoor.wire.errors import MethodNotFound

NAME: Final = re.compile(r"[a-z]\w*(\.[a-z]\w*)*", re.IGNORECASE | re.ASCII)
"""What a method may be called: `spawn`, `player.heal`."""
RESERVED: Final = "rpc."
"""The prefix that JSON-RPC 2.0 keeps for itself."""


class Method:
    """A function that can be called from outside. It runs on the game thread."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        is_plain = not (
            inspect.iscoroutinefunction(function)
            or inspect.isasyncgenfunction(function)
            or inspect.isgeneratorfunction(function)
        )
        if not is_plain:
            raise TypeError(f"{name}: expected a plain function, not a coroutine or generator")
        self.name = name
        self.function = function
        self._signature = Signature(function)

    def call(self, params: Raw | UnsetType) -> object:
        """Call the function. Raises InvalidParams before it, and whatever it raises."""
        arguments = self._signature.decode(params)
        return self.function(*arguments.positional, **arguments.by_name)


class Methods:
    """The methods of one stage. Registering a name again replaces it. Game thread only."""

    def __init__(self) -> None:
        self._by_name: dict[str, Method] = {}

    def add(self, function: Callable[..., Any], name: str | None = None) -> None:
        """Make a function callable, by its own name unless another one is given.

        Raises ValueError for a name that cannot be one, TypeError for a function whose params
        JSON cannot fill.
        """
        if not callable(function):
            raise TypeError(f"expected a function, not {type(function).__name__}")
        if name is None:
            name = getattr(function, "__name__", "")
        if not NAME.fullmatch(name):
            raise ValueError(f"a method's name must be like 'spawn' or 'player.heal', not {name!r}")
        if name.startswith(RESERVED):
            raise ValueError(f"{name}: names that begin with 'rpc.' belong to JSON-RPC itself")
        self._by_name[name] = Method(name, function)

    def __iter__(self) -> Iterator[Method]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> Method:
        """Raises MethodNotFound."""
        try:
            return self._by_name[name]
        except KeyError:
            raise MethodNotFound(name) from None
