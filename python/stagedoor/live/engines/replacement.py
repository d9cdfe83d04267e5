"""`Replacement`: stands in for a function that is written in C."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Replacement:
    """Does something else than `real`, a function of a module, and looks like it.

    A Python function would become a method where a game has it in a class: `pause = time.sleep`.
    Pickled, it is the function of that name, which is the real one in another process.
    """

    def __init__(self, real: Callable[..., Any], call: Callable[..., Any]) -> None:
        functools.update_wrapper(self, real)
        self._real = real
        self._call = call

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._call(*arguments, **named)

    def __repr__(self) -> str:
        return repr(self._real)

    def __reduce__(self) -> str:
        return self.__qualname__  # type: ignore[attr-defined, no-any-return]
