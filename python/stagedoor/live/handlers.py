"""User callbacks: checked when they are set, so that a mistake shows where it was made."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeAlias

logger = logging.getLogger("stagedoor")

Handler: TypeAlias = Callable[[Any], object]


def with_argument(handler: object, name: str) -> Handler | None:
    """A handler that is called with one argument, which the given one may leave out.

    None stays None. Raises TypeError for what cannot be called so.
    """
    if handler is None:
        return None
    _check_plain(handler, name)
    assert callable(handler)
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):  # some builtins have none
        return handler
    if _accepts(signature, 1):
        return handler
    if _accepts(signature, 0):
        return lambda _: handler()
    raise TypeError(f"{name} must take one argument or none, not {signature}")


def without_argument(handler: object, name: str) -> Callable[[], object] | None:
    """A handler that is called with nothing; None stays None."""
    if handler is None:
        return None
    _check_plain(handler, name)
    assert callable(handler)
    return handler


def _check_plain(handler: object, name: str) -> None:
    if not callable(handler):
        raise TypeError(f"{name} must be callable or None, not {type(handler).__name__}")
    if inspect.iscoroutinefunction(handler):
        raise TypeError(
            f"{name} must be a plain function: nobody awaits an async one; "
            "start a task in it with asyncio.create_task()"
        )


def _accepts(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
