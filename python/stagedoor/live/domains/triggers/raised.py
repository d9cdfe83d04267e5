"""`watch_raised()`: be told of each exception where it is raised. From Python 3.12 on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

_NAME: Final = "stagedoor"
_TOOLS: Final = (3, 4, 1, 2, 5, 0)
"""The numbers that a tool may have; those that Python has no use for come first."""

NOT_HERE: Final = "exceptions that the game catches can be told from Python 3.12 on"
NO_PLACE: Final = "sys.monitoring has no place left: debuggers and profilers have them all"


class CannotWatchError(Exception):
    """Nobody can be told of raised exceptions here. Its text says why."""


def watch_raised(tell: Callable[[BaseException, CodeType], object]) -> Callable[[], None]:
    """Call `tell` with each exception where it is raised, on its thread, and the code that raises.
    Returns what ends that. Raises CannotWatchError."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        raise CannotWatchError(NOT_HERE)
    tool = next((number for number in _TOOLS if monitoring.get_tool(number) is None), None)
    if tool is None:
        raise CannotWatchError(NO_PLACE)
    event = monitoring.events.RAISE

    def raised(code: CodeType, offset: int, error: BaseException, /) -> None:
        tell(error, code)

    monitoring.use_tool_id(tool, _NAME)
    monitoring.register_callback(tool, event, raised)
    monitoring.set_events(tool, event)

    def end() -> None:
        if monitoring.get_tool(tool) == _NAME:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)

    return end
