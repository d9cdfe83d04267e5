"""Game frameworks, one file for each. `find()` tells which one the game has imported."""

from __future__ import annotations

from stagedoor.live.engines.engine import Engine

__all__ = ["Engine", "find"]


def find() -> Engine | None:
    """The engine of a framework that is imported already; none is imported for this."""
    return None
