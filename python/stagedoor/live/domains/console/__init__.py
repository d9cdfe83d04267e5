"""The console: code of an admin's, run in the game. Only in a stage that was started with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts


def add_to(parts: Parts, /) -> None:
    """Register the domain, if the stage was started with a console."""
    if parts.has_console:
        from stagedoor.live.domains.console import methods  # `ctypes` takes a while to import

        methods.add_to(parts)
