"""User callbacks: checked when they are set, so that a mistake shows where it was made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from stagedoor import checks

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
    function: Callable[..., object] = handler  # type: ignore[assignment]
    return function if _takes(handler, name, (1, 0)) else lambda _: function()


def without_argument(handler: object, name: str) -> Callable[[], object] | None:
    """A handler that is called with nothing; None stays None. Raises TypeError for others."""
    if handler is not None:
        _takes(handler, name, (0,))
    return handler  # type: ignore[return-value]


def _takes(handler: object, name: str, counts: tuple[int, ...]) -> int:
    instead = "start a task in it with asyncio.create_task()"
    return checks.function(name, handler, counts, instead=instead, what="callable or None")
