"""User callbacks: checked when they are set, so that a mistake shows where it was made."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

logger = logging.getLogger("stagedoor")

Handler: TypeAlias = Callable[[Any], object]

HANDLER_ERRORS: Final = (Exception, asyncio.CancelledError)
"""What a program's callback may raise without an end of the loop that called it. SystemExit and
KeyboardInterrupt are the program's."""


def with_argument(handler: object, name: str) -> Handler | None:
    """A handler that is called with one argument, which the given one may leave out.

    None stays None. Raises TypeError for what cannot be called so.
    """
    if handler is None:
        return None
    function, signature = _examine(handler, name)
    if signature is None or _accepts(signature, 1):
        return function
    if _accepts(signature, 0):
        return lambda _: function()
    raise TypeError(f"{name} must take one argument or none, not {signature}")


def without_argument(handler: object, name: str) -> Callable[[], object] | None:
    """A handler that is called with nothing; None stays None. Raises TypeError for others."""
    if handler is None:
        return None
    function, signature = _examine(handler, name)
    if signature is not None and not _accepts(signature, 0):
        raise TypeError(f"{name} must take no argument, not {signature}")
    return function


def _examine(handler: object, name: str) -> tuple[Callable[..., object], inspect.Signature | None]:
    """The handler and what it takes, which some builtins do not tell."""
    if not callable(handler):
        raise TypeError(f"{name} must be callable or None, not {type(handler).__name__}")
    if any(map(inspect.iscoroutinefunction, (handler, getattr(handler, "__call__", None)))):  # noqa: B004
        raise TypeError(
            f"{name} must be a plain function: nobody awaits an async one; "
            "start a task in it with asyncio.create_task()"
        )
    try:
        return handler, inspect.signature(handler)
    except (TypeError, ValueError):
        return handler, None


def _accepts(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
