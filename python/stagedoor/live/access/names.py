"""`full_name()`: what clients call a stage."""

from __future__ import annotations

from stagedoor import settings
from stagedoor.wire.text import exact


def full_name(name: str | None) -> str:
    """The name of a stage that was given this one, or none. That of a child which multiprocessing
    has made ends with the child's own: `game/Process-1`. What is no UTF-8 in it is escaped."""
    name = name or settings.program_name()
    child = settings.name_as_child()
    return exact(name if child is None else f"{name}/{child}")
