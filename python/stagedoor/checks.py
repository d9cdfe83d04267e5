"""Checks of arguments, made where they are given.

Each returns the argument, or raises TypeError or ValueError with one line: which argument it is
(`name`), what was expected, and what came.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType, MethodType
from typing import Any, Final

LONGEST: Final = 1e6
"""The most seconds that anything may be told to take."""
MOST: Final = 1 << 40
"""The largest count, and the most bytes, that anything may be told to have."""
_USUAL: Final = inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS | inspect.CO_NESTED
"""The flags of a function that is no generator and no coroutine, and takes no `*args`."""
_WORDS: Final = {(0,): "no argument", (1,): "one argument", (1, 0): "one argument or none"}


def text(name: str, value: object, *, may_be_empty: bool = False) -> str:
    """A `str`."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {kind_of(value)}")
    if not value and not may_be_empty:
        raise ValueError(f"{name} must not be empty")
    return value


def flag(name: str, value: object) -> bool:
    """A `bool`."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {kind_of(value)}")
    return value


def whole(name: str, value: object, least: int, most: int = MOST) -> int:
    """An `int` from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {kind_of(value)}")
    if not least <= value <= most:
        shown = "2**40" if most == MOST else most
        raise ValueError(f"{name} must be {least} to {shown}, not {value}")
    return value


def number(name: str, value: object, what: str = "a number") -> float:
    """An `int` or a `float`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be {what}, not {kind_of(value)}")
    return value


def seconds(name: str, value: object) -> float:
    """A duration of more than 0 s."""
    given = number(name, value, "a number of seconds")
    if not 0 < given <= LONGEST:
        raise ValueError(f"{name} must be more than 0 and at most 1e6 seconds, not {given}")
    return float(given)


def one_of(name: str, value: object, choices: Sequence[str]) -> Any:
    """One of some texts."""
    if value not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, not {value!r}")
    return value


def instance(name: str, value: object, kind: type, what: str) -> Any:
    """An object of a class; `what` says that for people."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {what}, not {kind_of(value)}")
    return value


def function(
    name: str, value: object, counts: tuple[int, ...], *, instead: str, what: str = "callable"
) -> int:
    """A plain function. Returns with how many arguments it can be called: the first of `counts`
    that it takes, or that it may take, if it does not tell, as some builtins.

    `instead`: what to do in place of an `async def`, whose result nobody awaits."""
    if not callable(value):
        raise TypeError(f"{name} must be {what}, not {kind_of(value)}")
    if (found := _plain_count(value, counts)) is not None:
        return found
    for candidate in (value, getattr(value, "__call__", None)):  # noqa: B004
        if inspect.iscoroutinefunction(candidate):
            raise TypeError(
                f"{name} must be a plain function: nobody awaits an async one; {instead}"
            )
        if inspect.isgeneratorfunction(candidate) or inspect.isasyncgenfunction(candidate):
            raise TypeError(f"{name} must be a plain function: nobody goes through a generator")
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return counts[0]
    for count in counts:
        if _accepts(signature, count):
            return count
    raise TypeError(f"{name} must take {_WORDS[counts]}, not {signature}")


def _plain_count(value: object, counts: tuple[int, ...]) -> int | None:
    """The same for a usual function with one of these numbers of parameters, in a tenth of the
    time: a callback may be given with each message."""
    given = 0
    if isinstance(value, MethodType):
        value, given = value.__func__, 1
    if type(value) is not FunctionType or "__wrapped__" in value.__dict__:
        return None
    code = value.__code__
    if code.co_flags & ~_USUAL or code.co_kwonlyargcount or value.__defaults__:
        return None
    count = code.co_argcount - given
    return count if count in counts else None


def _accepts(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def kind_of(value: object) -> str:
    """The type of a value, for people."""
    return type(value).__name__
